/** The query API: what it takes and what it answers. The OpenAPI document is generated from these types. */

/** `merged` is what the pipeline says; `batch` and `speed` are what one layer alone would say, for comparison. */
export const LAYERS = ['merged', 'batch', 'speed'] as const;
export type Layer = (typeof LAYERS)[number];

export const ANSWER_KINDS = ['counts', 'standard'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** The most rows of a page, and of `top`. */
export const PAGE_ROWS = 10_000;

/** A row: dimension values by name, and one number. */
export type ResponseRow = Readonly<Record<string, string | number>>;

/** Which intervals an answer was made from. Common to all answers. */
export interface Provenance {
  /** Instant at which the newest published interval starts; null before the first is published. */
  readonly boundary: string | null;
  /**
   * The answer holds everything that was on the topic by then, as far as this layer is: append time of the newest record the
   * speed layer had counted, or the end of the newest published interval; null if there is nothing yet.
   */
  readonly asOf: string | null;
  /** How many periods (intervals, days, months) the batch layer answered for, and in how many intervals speed rows were found. */
  readonly intervals: { readonly batch: number; readonly speed: number };
  /** @deprecated Old name of `intervals`: goes with the next release. */
  readonly buckets: { readonly batch: number; readonly speed: number };
}

/** `GET /views/{view}` with `answer=counts`: every key of the view with its value, in the order of keys, in pages. */
export interface ViewResponse extends Provenance {
  readonly view: string;
  readonly columns: readonly string[];
  readonly rows: readonly ResponseRow[];
  /** Parameter `cursor` of the next page; absent on the last one, and with `top`, which has one page. */
  readonly cursor?: string;
}

/** `GET /answers/{name}`: one of the standard answers. */
export interface AnswerResponse extends Provenance {
  readonly answer: string;
  readonly columns: readonly string[];
  readonly rows: readonly ResponseRow[];
}

/** `GET /views/{view}` with `answer=standard`: every standard answer that is read off the view. @public */
export interface StandardResponse extends Provenance {
  readonly view: string;
  readonly answers: readonly {
    readonly answer: string;
    readonly columns: readonly string[];
    readonly rows: readonly ResponseRow[];
  }[];
}

/** `GET /views`. */
export interface ViewsResponse {
  readonly views: readonly {
    readonly name: string;
    readonly description: string;
    readonly dimensions: readonly string[];
    /** Standard answers that are read off it. */
    readonly answers: readonly string[];
  }[];
}

/** `GET /answers`. */
export interface AnswersResponse {
  readonly answers: readonly {
    readonly name: string;
    readonly description: string;
    readonly view: string;
    readonly columns: readonly string[];
  }[];
}

/** `GET /boundary`: up to where the batch layer serves. Instants are starts of intervals; null before the first. */
export interface BoundaryResponse {
  readonly interval: string | null;
  readonly firstInterval: string | null;
  readonly publishedAt: string | null;
  /** Newest interval whose layers were compared. */
  readonly reconciledInterval: string | null;
  /** Sum of the differences found there; 0 is expected. */
  readonly drift: number | null;
  /** Age of the end of the newest published interval, ms. */
  readonly ageMs: number | null;
  /** @deprecated Old name of `interval`: goes with the next release. */
  readonly bucket: string | null;
  /** @deprecated Old name of `firstInterval`: goes with the next release. */
  readonly firstBucket: string | null;
  /** @deprecated Old name of `reconciledInterval`: goes with the next release. */
  readonly reconciledBucket: string | null;
}

/** One metric of a step over the window of {@link StatusResponse}. */
export interface MetricSeries {
  /** As `lambda/runtime/metrics.ts` names it; `lag` is records that are on the topic and not yet taken by the step. */
  readonly name: string;
  /** CloudWatch's unit. */
  readonly unit: string;
  readonly statistic: 'Sum' | 'Maximum';
  /** One a period, oldest first; null where nothing was reported. */
  readonly values: readonly (number | null)[];
}

export interface StepStatus {
  readonly step: string;
  readonly metrics: readonly MetricSeries[];
}

/** `GET /status`: what the page shows beside the answers. */
export interface StatusResponse {
  readonly stage: string;
  /** When this answer was made. */
  readonly now: string;
  readonly intervalMinutes: number;
  /** @deprecated Old name of `intervalMinutes`: goes with the next release. */
  readonly bucketMinutes: number;
  readonly boundary: BoundaryResponse;
  /** Age of the boundary beyond which publishing is late, ms. */
  readonly boundaryDueMs: number;
  /** Up to when merged answers are complete; null if there is nothing yet. */
  readonly asOf: string | null;
  /** Periods of the series. The last one is not over yet. */
  readonly window: { readonly from: string; readonly to: string; readonly periodSeconds: number };
  /** In the order in which a post meets them; null while CloudWatch does not answer. */
  readonly steps: readonly StepStatus[] | null;
}

/** `GET /health`: 200 if the store answers. */
export interface HealthResponse {
  readonly status: 'ok' | 'down';
}

/** Every 4xx and 5xx. */
export interface ErrorResponse {
  readonly message: string;
  /** The parameter, what it held and what is allowed, where there is one to name. */
  readonly error?: { readonly field: string; readonly value: string; readonly allowed: string };
}

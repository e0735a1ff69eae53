/** Requests and responses of the query API. The OpenAPI document is generated from these types. */

/** `merged` is the pipeline's result; `batch` and `speed` are what one layer alone returns, for comparison. */
export const LAYERS = ['merged', 'batch', 'speed'] as const;
export type Layer = (typeof LAYERS)[number];

export const ANSWER_KINDS = ['counts', 'standard'] as const;
export type AnswerKind = (typeof ANSWER_KINDS)[number];

/** The most rows of a response. */
export const PAGE_ROWS = 10_000;

/** A row: dimension values by name, and one number. */
export type ResponseRow = Readonly<Record<string, string | number>>;

/** Which intervals a response was computed from. Common to all responses with rows. */
export interface Provenance {
  /** Instant at which the newest published interval starts; null before the first is published. */
  readonly boundary: string | null;
  /**
   * The response includes everything that was on the topic by then: the end of the newest published interval, or later if the speed
   * layer is known to have counted more of every partition; null if nothing is known yet.
   */
  readonly asOf: string | null;
  /**
   * How many periods (intervals, days, months) were read from the batch layer, and in how many intervals speed rows
   * were found.
   */
  readonly intervals: { readonly batch: number; readonly speed: number };
  /** @deprecated Old name of `intervals`: removed in the next release. */
  readonly buckets: { readonly batch: number; readonly speed: number };
}

/** `GET /views/{view}` with `answer=counts`: every key of the view with its value, in the order of keys, in pages. */
export interface ViewResponse extends Provenance {
  readonly view: string;
  readonly columns: readonly string[];
  readonly rows: readonly ResponseRow[];
  /** Parameter `cursor` of the next page; absent on the last one, and with `top`, which has one page. */
  readonly cursor?: string;
  /** Set if rows of `top` are left out, because a response holds no more: these are the first. */
  readonly truncated?: true;
}

/** `GET /answers/{name}`: one of the standard answers. */
export interface AnswerResponse extends Provenance {
  readonly answer: string;
  readonly columns: readonly string[];
  readonly rows: readonly ResponseRow[];
  /** Set if rows are left out, because a response holds no more: these are the first. */
  readonly truncated?: true;
}

/** `GET /views/{view}` with `answer=standard`: every standard answer computed from the view. */
export interface StandardResponse extends Provenance {
  readonly view: string;
  readonly answers: readonly {
    readonly answer: string;
    readonly columns: readonly string[];
    readonly rows: readonly ResponseRow[];
    readonly truncated?: true;
  }[];
}

/** `GET /views`. */
export interface ViewsResponse {
  readonly views: readonly {
    readonly name: string;
    readonly description: string;
    readonly dimensions: readonly string[];
    /** Standard answers computed from it. */
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

/**
 * `GET /boundary`: the time boundary, up to which the batch layer serves. Instants are starts of intervals; null before
 * the first.
 */
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
  /** @deprecated Old name of `interval`: removed in the next release. */
  readonly bucket: string | null;
  /** @deprecated Old name of `firstInterval`: removed in the next release. */
  readonly firstBucket: string | null;
  /** @deprecated Old name of `reconciledInterval`: removed in the next release. */
  readonly reconciledBucket: string | null;
}

/** One metric of a step over the window of {@link StatusResponse}. */
export interface MetricSeries {
  /**
   * As in `lambda/runtime/metrics.ts`; `lag` is the number of records on the topic that the step has not received yet.
   */
  readonly name: string;
  /** CloudWatch's unit. */
  readonly unit: string;
  readonly statistic: 'Sum' | 'Maximum';
  /** One value per period, oldest first; null where nothing was reported. */
  readonly values: readonly (number | null)[];
}

export interface StepStatus {
  readonly step: string;
  readonly metrics: readonly MetricSeries[];
}

/** `GET /status`: what the page shows beside the answers. */
export interface StatusResponse {
  readonly stage: string;
  /** When this response was computed. */
  readonly now: string;
  readonly intervalMinutes: number;
  /** @deprecated Old name of `intervalMinutes`: removed in the next release. */
  readonly bucketMinutes: number;
  readonly boundary: BoundaryResponse;
  /** Age of the boundary beyond which publishing is late, ms. */
  readonly boundaryDueMs: number;
  /** Up to when merged answers are complete; null if there is no data yet. */
  readonly asOf: string | null;
  /** Periods of the series. The last one is not over yet. */
  readonly window: { readonly from: string; readonly to: string; readonly periodSeconds: number };
  /** In the order in which a post passes them; null while CloudWatch does not respond. */
  readonly steps: readonly StepStatus[] | null;
}

/** `GET /health`: 200 if the store responds. */
export interface HealthResponse {
  readonly status: 'ok' | 'down';
}

/** Every 4xx and 5xx. */
export interface ErrorResponse {
  readonly message: string;
  /** The parameter, its value and what is allowed, if a parameter is at fault. */
  readonly error?: { readonly field: string; readonly value: string; readonly allowed: string };
}

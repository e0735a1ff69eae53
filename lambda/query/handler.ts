/** Responds to queries from the rows of both layers. It only reads. */
import { join } from 'node:path';
import { intervalEnd, requireLength } from '../domain/intervals';
import { metricReader, sendSigned } from './cloudwatch';
import { ENV, hasEnv, requireEnv, requirePositiveInteger } from '../runtime/env';
import { json, pathSegments, type HttpResponse, type HttpEvent } from '../runtime/http';
import { StoreUnavailableError } from '../aws/keyspaces/keyspaces';
import { RunReplacedError } from '../aws/keyspaces/view-runs';
import { invoked, log } from '../runtime/log';
import { type Key, type Run } from '../domain/sorted-run';
import { report, type ReportOf } from '../runtime/metrics';
import { type BoundaryRow, keyspacesReader, storeFromEnvironment } from '../aws/keyspaces/store';
import { type ValidationError, invalid, sentence } from '../domain/validation-error';
import { fingerprintOf, type View, VIEWS } from '../domain/views';
import { ANSWERS, answersOf, columnsOfView, countRows, findAnswer, type StandardAnswer } from './answers';
import {
  type AnswerResponse,
  type AnswersResponse,
  type BoundaryResponse,
  type ErrorResponse,
  type HealthResponse,
  PAGE_ROWS,
  type Provenance,
  type ResponseRow,
  type StandardResponse,
  type StatusResponse,
  type ViewResponse,
  type ViewsResponse,
} from './api';
import { readCanary } from './canary';
import { etagOf, isUnchanged, notModified, validators } from './conditional';
import { asOf, planRead, type Published } from './core';
import { type LiveMetrics, liveMetrics } from './live';
import { ASSETS, type PageFiles, pageFiles } from './page';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  firstRows,
  keyOf,
  largest,
  type PageRows,
  selectedRun,
} from './pages';
import { type BatchRun, queryReader, type QueryReader } from './reader';
import { isValidationError, parseSelection, type Selection } from './request';
import { HOUR, MINUTE } from '../domain/time';

/** What the status page needs beside the answers. */
export interface Page {
  readonly stage: string;
  readonly files: PageFiles;
  /** Age of the boundary beyond which publishing is late, ms. */
  readonly boundaryDueMs: number;
  metrics(): Promise<LiveMetrics>;
}

export interface Deps {
  /** @default - the page is not served */
  readonly page?: Page;
  readonly reader: QueryReader;
  readonly intervalMinutes: number;
  /** Of the topic. */
  readonly partitions: number;
  /** ms */
  readonly speedTtl: number;
  /** @default - all views */
  readonly views?: readonly View[];
  readonly report: ReportOf<'query'>;
  now(): number;
}

interface Opened {
  readonly published: Published | undefined;
  readonly batch: BatchRun;
  /** Rows that the pages before were made of have expired since. */
  readonly isGone: boolean;
  /** Of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the client has the answer. */
  readonly isUnchanged: boolean;
  load(): Promise<Loaded>;
}

interface Loaded {
  /** The rows of both layers. @param after only rows with greater keys */
  readonly run: (after?: Key) => Run;
  readonly provenance: Provenance;
}

const instant = (at: number | null | undefined) =>
  at === undefined || at === null ? null : new Date(at).toISOString();

const publishedOf = (row: BoundaryRow | undefined): Published | undefined =>
  row && { first: row.firstInterval, boundary: row.interval };

/** As it was when the boundary was there. */
const pinned = (published: Published | undefined, boundary: number | null): Published | undefined =>
  published && boundary !== null ? { ...published, boundary } : undefined;

function rejected(statusCode: number, error: ValidationError): HttpResponse {
  return json(statusCode, { message: sentence(error), error } satisfies ErrorResponse);
}

const unknown = (field: string, value: string, names: readonly { name: string }[]) =>
  rejected(404, invalid(field, value, `one of ${names.map(({ name }) => name).join(', ')}`));

/** A boundary of another length would name other rows than are there. */
function ofLength(reader: QueryReader, intervalMinutes: number): QueryReader {
  return {
    ...reader,
    async boundary() {
      const row = await reader.boundary();
      if (row) requireLength('the time boundary', row.intervalMinutes, intervalMinutes);
      return row;
    },
  };
}

export function makeHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResponse> {
  const { intervalMinutes, page, views = VIEWS } = deps;
  const named = (name: string) => views.find((view) => view.name === name);
  const reader = ofLength(deps.reader, intervalMinutes);
  const planFor = (selection: Parameters<typeof planRead>[0], published: Published | undefined, now = deps.now()) =>
    planRead(selection, published, { now, intervalMinutes, speedTtl: deps.speedTtl });

  /** @param cursor whose time boundary counts. @default - what is served now */
  async function open(event: HttpEvent, view: View, selection: Selection, cursor?: Cursor): Promise<Opened> {
    const now = publishedOf(await reader.boundary());
    const published = cursor === undefined ? now : pinned(now, cursor.boundary);
    const plan = planFor(selection, published);
    const [batch, speed] = await Promise.all([
      reader.batchRun(
        view,
        plan.periods.map(({ name }) => name),
      ),
      reader.speedParts(view, plan.speed),
    ]);
    const [oldest, newest] = [plan.speed.at(0), plan.speed.at(-1)];
    const etag = etagOf(fingerprintOf(view).toString('hex'), published, batch.version, oldest, newest, speed.version);
    return {
      published,
      batch,
      headers: validators(etag, plan.speed.length > 0),
      isUnchanged: isUnchanged(event, etag),
      // The speed layer's oldest rows.
      isGone: cursor !== undefined && planFor(selection, published, cursor.made).speed[0] !== plan.speed[0],
      async load() {
        const parts = await speed.parts();
        const intervals = { batch: plan.periods.length, speed: new Set(parts.map(({ interval }) => interval)).size };
        return {
          run: selectedRun({
            view,
            batch: batch.rows,
            speed: parts.map(({ rows }) => rows),
            filters: selection.filters,
          }),
          provenance: {
            boundary: instant(published?.boundary),
            asOf: instant(asOf(selection.layer, published, speed.applied, deps)),
            intervals,
            buckets: intervals,
          },
        };
      },
    };
  }

  /** All pages are made by the time boundary of the first one, and of the same batch rows. */
  async function getPage(event: HttpEvent, view: View, selection: Selection): Promise<HttpResponse> {
    const cursor = selection.cursor === undefined ? undefined : decodeCursor(view, selection, selection.cursor);
    if (isValidationError(cursor)) return rejected(400, cursor);
    const { published, batch, isGone, headers, isUnchanged, load } = await open(event, view, selection, cursor);
    // Of another definition of the view, keys are in another order.
    const version = `${fingerprintOf(view).toString('base64url')} ${batch.version}`;
    if (cursor !== undefined && (isGone || cursor.version !== version)) {
      return rejected(410, invalid('cursor', selection.cursor, 'a cursor of rows that are still there: start again'));
    }
    if (isUnchanged) return notModified(headers);
    const { run, provenance } = await load();
    const { rows, more } = await firstRows(countRows(view, run(cursor?.after)), selection.limit ?? PAGE_ROWS);
    const next = () =>
      encodeCursor(view, selection, {
        after: keyOf(view, rows.at(-1)!),
        boundary: published?.boundary ?? null,
        version,
        made: cursor?.made ?? deps.now(),
      });
    const page: ViewResponse = {
      view: view.name,
      columns: columnsOfView(view),
      rows,
      ...provenance,
      ...(more ? { cursor: next() } : {}),
    };
    return json(200, page, headers);
  }

  /** Rows that come in one response, the largest ones with `top`. */
  function oneResponse(
    rows: AsyncIterable<ResponseRow>,
    columns: readonly string[],
    top: number | undefined,
    share = 1,
  ) {
    const valueOf = (row: ResponseRow) => Number(row[columns.at(-1)!]);
    return firstRows(top === undefined ? rows : largest(inBlocks(rows), valueOf, top), PAGE_ROWS, share);
  }

  async function answerOf({ name, columns, rows }: StandardAnswer, { run }: Loaded, top?: number, share?: number) {
    return { answer: name, columns, ...shortened(await oneResponse(rows(run), columns, top, share)) };
  }

  async function getView(event: HttpEvent, view: View, query: URLSearchParams): Promise<HttpResponse> {
    const selection = parseSelection(query, view);
    if (isValidationError(selection)) return rejected(400, selection);
    const standard = answersOf(view);
    if (selection.kind === 'standard' && standard.length === 0) {
      return rejected(400, invalid('answer', 'standard', 'counts, because no standard answer uses this view'));
    }
    const { kind, top } = selection;
    if (kind === 'counts' && top === undefined) return getPage(event, view, selection);
    const opened = await open(event, view, selection);
    if (opened.isUnchanged) return notModified(opened.headers);
    const loaded = await opened.load();
    if (kind === 'counts') {
      const columns = columnsOfView(view);
      const rows = await firstRows(countRows(view, loaded.run(), top), PAGE_ROWS);
      const counts: ViewResponse = { view: view.name, columns, ...shortened(rows), ...loaded.provenance };
      return json(200, counts, opened.headers);
    }
    const answers: StandardResponse['answers'][number][] = [];
    for (const answer of standard) answers.push(await answerOf(answer, loaded, top, 1 / standard.length));
    return json(200, { view: view.name, answers, ...loaded.provenance } satisfies StandardResponse, opened.headers);
  }

  async function getAnswer(event: HttpEvent, name: string, query: URLSearchParams): Promise<HttpResponse> {
    const answer = findAnswer(name);
    if (!answer) return unknown('answer', name, ANSWERS);
    const selection = parseSelection(query, answer.view, []);
    if (isValidationError(selection)) return rejected(400, selection);
    const opened = await open(event, answer.view, selection);
    if (opened.isUnchanged) return notModified(opened.headers);
    const loaded = await opened.load();
    const response: AnswerResponse = { ...(await answerOf(answer, loaded, selection.top)), ...loaded.provenance };
    return json(200, response, opened.headers);
  }

  function boundaryOf(row: BoundaryRow | undefined): BoundaryResponse {
    const interval = instant(row?.interval);
    const firstInterval = instant(row?.firstInterval);
    const reconciledInterval = instant(row?.reconciledInterval);
    return {
      interval,
      firstInterval,
      publishedAt: instant(row?.publishedAt),
      reconciledInterval,
      drift: row?.drift ?? null,
      ageMs: row ? deps.now() - intervalEnd(row.interval, intervalMinutes) : null,
      bucket: interval,
      firstBucket: firstInterval,
      reconciledBucket: reconciledInterval,
    };
  }

  async function getStatus({ stage, boundaryDueMs, metrics }: Page): Promise<HttpResponse> {
    const [row, live, applied] = await Promise.all([reader.boundary(), metrics(), reader.applied()]);
    return json(200, {
      stage,
      now: new Date(deps.now()).toISOString(),
      intervalMinutes,
      bucketMinutes: intervalMinutes,
      boundary: boundaryOf(row),
      boundaryDueMs,
      asOf: instant(asOf('merged', publishedOf(row), applied, deps)),
      ...live,
    } satisfies StatusResponse);
  }

  async function getStatusPage(served: Page, resource: string | undefined, name: string | undefined, event: HttpEvent) {
    if (resource === undefined) return served.files('index.html', event);
    if (resource === 'status' && name === undefined) return getStatus(served);
    if (resource === 'assets' && name !== undefined && ASSETS.includes(name)) return served.files(name, event);
    return undefined;
  }

  async function route(event: HttpEvent): Promise<HttpResponse> {
    const segments = pathSegments(event);
    if (!segments) return rejected(400, invalid('path', event.rawPath, 'percent-encoded UTF-8'));
    const [resource, name] = segments;
    const query = new URLSearchParams(event.rawQueryString ?? '');
    if (event.requestContext.http.method === 'GET' && segments.length <= 2) {
      if (name === undefined) {
        if (resource === 'views') return json(200, listViews(views));
        if (resource === 'answers') return json(200, listAnswers());
        if (resource === 'boundary') return json(200, boundaryOf(await reader.boundary()));
        // Not an API route: only for callers that may invoke the function directly.
        if (resource === 'canary') return json(200, await readCanary(reader, deps.now(), intervalMinutes));
        if (resource === 'health') {
          await reader.boundary();
          return json(200, { status: 'ok' } satisfies HealthResponse);
        }
      }
      if (resource === 'views' && name !== undefined) {
        const view = named(name);
        return view ? getView(event, view, query) : unknown('view', name, views);
      }
      if (resource === 'answers' && name !== undefined) return getAnswer(event, name, query);
      const response = page && (await getStatusPage(page, resource, name, event));
      if (response) return response;
    }
    const allowed = `GET ${page ? '/, /status, ' : ''}/views, /views/{view}, /answers, /answers/{name}, /boundary or /health`;
    return rejected(404, invalid('path', `${event.requestContext.http.method} ${event.rawPath}`, allowed));
  }

  return async (event) => {
    const started = deps.now();
    try {
      const response = await route(event).catch((error: unknown) => {
        // What was read was replaced over an hour ago: the boundary names what is there now.
        if (error instanceof RunReplacedError) return route(event);
        throw error;
      });
      const written = response.statusCode < 400 ? 1 : 0;
      deps.report('query', { received: 1, written, rejected: 1 - written, duration: deps.now() - started });
      return response;
    } catch (error) {
      deps.report('query', { received: 1, written: 0, failed: 1, duration: deps.now() - started });
      if (!(error instanceof StoreUnavailableError)) {
        log.error('the request failed', error, { path: event.rawPath });
        return json(500, { message: 'internal error' } satisfies ErrorResponse);
      }
      log.error('the store did not respond', error, { path: event.rawPath });
      const message = 'the store did not respond; try again';
      return json(503, { message, status: 'down' } satisfies ErrorResponse & HealthResponse, { 'retry-after': '5' });
    }
  };
}

async function* inBlocks<T>(rows: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const row of rows) yield [row];
}

const shortened = ({ rows, more }: PageRows) => ({ rows, ...(more ? { truncated: true as const } : {}) });

function listViews(views: readonly View[]): ViewsResponse {
  return {
    views: views.map((view) => ({
      name: view.name,
      description: view.description,
      dimensions: view.dimensions,
      answers: answersOf(view).map(({ name }) => name),
    })),
  };
}

function listAnswers(): AnswersResponse {
  return {
    answers: ANSWERS.map(({ name, description, view, columns }) => ({ name, description, view: view.name, columns })),
  };
}

/** The page, if the function has the variables that the page needs. */
function pageFromEnvironment(): Page | undefined {
  if (!hasEnv(ENV.publishDelayMinutes)) return undefined;
  const namespace = requireEnv(ENV.metricNamespace);
  const lagFunctions = { archive: requireEnv(ENV.archiveFunction), aggregate: requireEnv(ENV.aggregateFunction) };
  const due = requirePositiveInteger(ENV.intervalMinutes) + requirePositiveInteger(ENV.publishDelayMinutes);
  return {
    stage: requireEnv(ENV.stage),
    files: pageFiles(join(__dirname, 'page')),
    boundaryDueMs: due * MINUTE,
    metrics: liveMetrics(metricReader(sendSigned()), { namespace, lagFunctions }, Date.now),
  };
}

export const handler = invoked(() => {
  const intervalMinutes = requirePositiveInteger(ENV.intervalMinutes);
  const partitions = requirePositiveInteger(ENV.partitions);
  const topic = requireEnv(ENV.topic);
  return makeHandler({
    page: pageFromEnvironment(),
    reader: queryReader(storeFromEnvironment('query', keyspacesReader), { topic, partitions, intervalMinutes }),
    intervalMinutes,
    partitions,
    speedTtl: requirePositiveInteger(ENV.speedTtlHours) * HOUR,
    report,
    now: Date.now,
  });
});

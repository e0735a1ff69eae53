/** Answers questions from the rows of both layers. It only reads. */
import { bucketEnd } from '../shared/buckets';
import { ENV, requireEnv, requirePositiveInteger } from '../shared/env';
import { json, pathSegments, type HttpAnswer, type HttpEvent } from '../shared/http';
import { StoreUnavailableError } from '../shared/keyspaces';
import { log } from '../shared/log';
import { type Counts } from '../shared/merge';
import { report, type ReportOf } from '../shared/metrics';
import { type BoundaryRow, storeFromEnvironment } from '../shared/store';
import { type Refusal, refuse, sentence } from '../shared/refusal';
import { findView, type View, VIEWS } from '../shared/views';
import { ANSWERS, answersOf, findAnswer } from './answers';
import {
  type AnswersResponse,
  type BoundaryResponse,
  type ErrorResponse,
  type HealthResponse,
  type Provenance,
  type ViewsResponse,
} from './api';
import { readCanary } from './canary';
import { asOf, mergeFiltered, planRead, type Published, shapeAnswer, shapeCounts } from './core';
import { queryReader, type QueryReader } from './reader';
import { isRefusal, parseSelection, type Selection } from './request';

export interface Deps {
  readonly reader: QueryReader;
  readonly bucketMinutes: number;
  /** ms */
  readonly speedTtl: number;
  readonly report: ReportOf<'query'>;
  now(): number;
}

interface Read extends Provenance {
  readonly counts: Counts;
}

const instant = (at: number | null | undefined) =>
  at === undefined || at === null ? null : new Date(at).toISOString();

const publishedOf = (row: BoundaryRow | undefined): Published | undefined =>
  row && { first: row.firstBucket, boundary: row.bucket };

function refused(statusCode: number, error: Refusal): HttpAnswer {
  return json(statusCode, { message: sentence(error), error } satisfies ErrorResponse);
}

const unknown = (field: string, value: string, names: readonly { name: string }[]) =>
  refused(404, refuse(field, value, `one of ${names.map(({ name }) => name).join(', ')}`));

export function makeHandler(deps: Deps): (event: HttpEvent) => Promise<HttpAnswer> {
  const { reader, bucketMinutes } = deps;

  async function read(view: View, selection: Selection): Promise<Read> {
    const published = publishedOf(await reader.boundary());
    const plan = planRead(selection, published, { now: deps.now(), bucketMinutes, speedTtl: deps.speedTtl });
    const [batch, speed] = await Promise.all([
      reader.batchCounts(
        view,
        plan.periods.map(({ name }) => name),
      ),
      reader.speedCounts(view, plan.speed),
    ]);
    const newest = speed.reduce<number | undefined>((max, row) => Math.max(max ?? row.asOf, row.asOf), undefined);
    return {
      counts: mergeFiltered(view, [...batch, ...speed.map(({ counts }) => counts)], selection.filters),
      boundary: instant(published?.boundary),
      asOf: instant(asOf(selection.layer, published, newest, bucketMinutes)),
      buckets: { batch: plan.periods.length, speed: new Set(speed.map(({ bucket }) => bucket)).size },
    };
  }

  async function askView(view: View, query: URLSearchParams): Promise<HttpAnswer> {
    const selection = parseSelection(query, view);
    if (isRefusal(selection)) return refused(400, selection);
    const standard = answersOf(view);
    if (selection.kind === 'standard' && standard.length === 0) {
      return refused(400, refuse('answer', 'standard', 'counts, as no standard answer is read off this view'));
    }
    const { counts, ...provenance } = await read(view, selection);
    if (selection.kind === 'counts') {
      return json(200, { view: view.name, ...shapeCounts(view, counts, selection.top), ...provenance });
    }
    const answers = standard.map((answer) => ({ answer: answer.name, ...shapeAnswer(answer, counts, selection.top) }));
    return json(200, { view: view.name, answers, ...provenance });
  }

  async function askAnswer(name: string, query: URLSearchParams): Promise<HttpAnswer> {
    const answer = findAnswer(name);
    if (!answer) return unknown('answer', name, ANSWERS);
    const selection = parseSelection(query, answer.view, []);
    if (isRefusal(selection)) return refused(400, selection);
    const { counts, ...provenance } = await read(answer.view, selection);
    return json(200, { answer: name, ...shapeAnswer(answer, counts, selection.top), ...provenance });
  }

  async function askBoundary(): Promise<HttpAnswer> {
    const row = await reader.boundary();
    return json(200, {
      bucket: instant(row?.bucket),
      firstBucket: instant(row?.firstBucket),
      publishedAt: instant(row?.publishedAt),
      reconciledBucket: instant(row?.reconciledBucket),
      drift: row?.drift ?? null,
      ageMs: row ? deps.now() - bucketEnd(row.bucket, bucketMinutes) : null,
    } satisfies BoundaryResponse);
  }

  async function route(event: HttpEvent): Promise<HttpAnswer> {
    const segments = pathSegments(event) ?? [];
    const [resource, name] = segments;
    const query = new URLSearchParams(event.rawQueryString ?? '');
    if (event.requestContext.http.method === 'GET' && segments.length <= 2) {
      if (name === undefined) {
        if (resource === 'views') return json(200, listViews());
        if (resource === 'answers') return json(200, listAnswers());
        if (resource === 'boundary') return askBoundary();
        // No route of the API: for whoever may invoke the function itself.
        if (resource === 'canary') return json(200, await readCanary(reader, deps.now(), bucketMinutes));
        if (resource === 'health') {
          await reader.boundary();
          return json(200, { status: 'ok' } satisfies HealthResponse);
        }
      }
      if (resource === 'views' && name !== undefined) {
        const view = findView(name);
        return view ? askView(view, query) : unknown('view', name, VIEWS);
      }
      if (resource === 'answers' && name !== undefined) return askAnswer(name, query);
    }
    const allowed = 'GET /views, /views/{view}, /answers, /answers/{name}, /boundary or /health';
    return refused(404, refuse('path', `${event.requestContext.http.method} ${event.rawPath}`, allowed));
  }

  return async (event) => {
    const started = deps.now();
    try {
      const answer = await route(event);
      const written = answer.statusCode < 400 ? 1 : 0;
      deps.report('query', { received: 1, written, rejected: 1 - written, duration: deps.now() - started });
      return answer;
    } catch (error) {
      deps.report('query', { received: 1, written: 0, failed: 1, duration: deps.now() - started });
      if (!(error instanceof StoreUnavailableError)) {
        log.error('a question could not be answered', error, { path: event.rawPath });
        return json(500, { message: 'internal error' } satisfies ErrorResponse);
      }
      log.error('the store did not answer', error, { path: event.rawPath });
      const message = 'the store did not answer; try again';
      return json(503, { message, status: 'down' } satisfies ErrorResponse & HealthResponse, { 'retry-after': '5' });
    }
  };
}

function listViews(): ViewsResponse {
  return {
    views: VIEWS.map((view) => ({
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

const HOUR_MS = 3_600_000;
let instance: ReturnType<typeof makeHandler> | undefined;

export const handler = (event: HttpEvent): Promise<HttpAnswer> => {
  instance ??= makeHandler({
    reader: queryReader(storeFromEnvironment(), requireEnv(ENV.topic)),
    bucketMinutes: requirePositiveInteger(ENV.bucketMinutes),
    speedTtl: requirePositiveInteger(ENV.speedTtlHours) * HOUR_MS,
    report,
    now: Date.now,
  });
  return instance(event);
};

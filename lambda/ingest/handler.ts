/**
 * Accepts posts over HTTP. It confirms a record only when the record is on the topic, acknowledged by all in-sync
 * replicas. Bad input is the client's fault (4xx, a reason per record); an outage is ours (503, which records to send
 * again).
 */
import { CANARY_HEADER } from '../domain/decode';
import { bodyOf, json, pathSegments, type Body, type HttpResponse, type HttpEvent } from '../runtime/http';
import { kafkaFromEnvironment } from '../aws/kafka/connect';
import { type OutgoingRecord, type SendResult } from '../aws/kafka/port';
import { invoked, log } from '../runtime/log';
import { report, type ReportOf } from '../runtime/metrics';
import { KINESIS, NATIVE, notFound, outcomeOf, REST_PROXY, type Dialect } from './responses';
import {
  headersOf,
  MAX_REQUEST_BYTES,
  parseKinesis,
  parseNative,
  parseRestProxy,
  routeOf,
  type AcceptedItem,
  type Parsed,
  type RecordRoute,
} from './core';

export interface Deps {
  /** One result per record, in order; the promise never rejects. */
  send(records: readonly OutgoingRecord[]): Promise<readonly SendResult[]>;
  report: ReportOf<'ingest'>;
  now(): number;
}

function outgoing(item: AcceptedItem): OutgoingRecord {
  return { key: item.key, value: item.value, headers: headersOf(item) };
}

const DIALECTS = { native: NATIVE, 'rest-proxy': REST_PROXY, kinesis: KINESIS };

function parseBody({ kind, section }: RecordRoute, body: Body, contentType: string | undefined): Parsed {
  switch (kind) {
    case 'native':
      return parseNative(body, contentType, section);
    case 'rest-proxy':
      return parseRestProxy(body, section);
    case 'kinesis':
      return parseKinesis(body, section);
  }
}

export function makeHandler(deps: Deps): (event: HttpEvent) => Promise<HttpResponse> {
  async function accept(parsed: Parsed, dialect: Dialect, batchBytes: number, started: number): Promise<HttpResponse> {
    if (!parsed.ok) {
      deps.report('ingest', { received: 1, written: 0, rejected: 1, batchBytes, duration: deps.now() - started });
      return dialect.rejectBody(parsed.status, parsed.validationError);
    }
    const { items } = parsed;
    const accepted = items.filter((item) => item.ok);
    const acks = accepted.length > 0 ? await deps.send(accepted.map(outgoing)) : [];
    let next = 0;
    const outcomes = items.map((item) => outcomeOf(item, item.ok ? acks[next++] : undefined));

    const failed = acks.find((ack) => !ack.ok);
    if (failed) log.warn('kafka did not acknowledge records', { error: failed.error, sent: acks.length });
    const written = acks.reduce((sum, ack) => sum + (ack.ok ? 1 : 0), 0);
    deps.report('ingest', {
      received: items.length,
      written,
      rejected: items.length - accepted.length,
      failed: acks.length - written,
      batchBytes,
      bytes: accepted.reduce((sum, item, i) => sum + (acks.at(i)?.ok ? Buffer.byteLength(item.value) : 0), 0),
      duration: deps.now() - started,
    });
    return dialect.respond(outcomes);
  }

  /** Sends a control record whose key always differs, so that canaries visit all partitions. */
  async function acceptCanary(started: number): Promise<HttpResponse> {
    const [ack] = await deps.send([
      { key: String(started), value: '{}', headers: { [CANARY_HEADER]: String(started) } },
    ]);
    const controlRecords = ack.ok ? 1 : 0;
    deps.report('ingest', {
      received: 1,
      written: 0,
      controlRecords,
      failed: 1 - controlRecords,
      duration: deps.now() - started,
    });
    if (ack.ok) return json(202, { partition: ack.partition, offset: ack.offset });
    log.warn('kafka did not acknowledge the canary', { error: ack.error });
    return json(503, { message: 'no acknowledgement from kafka' });
  }

  return async (event) => {
    const started = deps.now();
    const { method } = event.requestContext.http;
    const route = routeOf(method, pathSegments(event));
    if (route.kind === 'none') return notFound(method, event.rawPath);
    if (route.kind === 'canary') return acceptCanary(started);
    const body = bodyOf(event, MAX_REQUEST_BYTES);
    const dialect = DIALECTS[route.kind];
    if ('ok' in body) return accept(body, dialect, 0, started);
    return accept(parseBody(route, body, event.headers?.['content-type']), dialect, body.bytes, started);
  };
}

export const handler = invoked(() => {
  const kafka = kafkaFromEnvironment();
  return makeHandler({ send: (records) => kafka.send(records), report, now: Date.now });
});

/** Turns the outcomes of a request into a response of the API that the client uses. */
import { json, type HttpResponse, type RejectedBody } from '../runtime/http';
import { sentence, type ValidationError } from '../domain/validation-error';
import {
  type ErrorDetail,
  type ErrorField,
  type IngestResponse,
  type KinesisResponse,
  type KinesisError,
  type RecordResult,
  type RequestError,
  type RestProxyResponse,
  type RestProxyError,
  type RestProxyOffset,
} from './api';
import { type Item } from './core';

/** An item with Kafka's acknowledgement, if it got one. */
export type Outcome =
  | { readonly kind: 'rejected'; readonly status: 400 | 413; readonly validationError: ValidationError }
  | {
      readonly kind: 'acknowledged';
      readonly key: string;
      readonly partition: number;
      readonly offset: number;
      readonly quarantine: ValidationError | undefined;
    }
  | { readonly kind: 'unacknowledged'; readonly key: string };

export interface Dialect {
  /** The body as a whole was rejected. */
  rejectBody(status: RejectedBody['status'], validationError: ValidationError): HttpResponse;
  respond(outcomes: readonly Outcome[]): HttpResponse;
}

/** Seconds after which a client may retry: about the duration of a partition leader election. */
const RETRY_AFTER_SECONDS = 2;
const RETRY_AFTER = { 'retry-after': String(RETRY_AFTER_SECONDS) };
const UNACKNOWLEDGED: ValidationError = {
  field: 'record',
  value: 'no acknowledgement from kafka',
  allowed: `sent again after ${RETRY_AFTER_SECONDS} s`,
};

/** Bytes of a function's answer, in which its body stands as a text of JSON: quotes take two bytes. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 2_000;
/** Bytes of the longest result whose error is in its short form. `MAX_RECORDS` of them fit an answer. */
const SHORT_RESULT_BYTES = 150;

/**
 * Chooses between an error and its short form. An answer must never outgrow what Lambda returns: its client would get 500 for
 * records that are durable, and send them again for ever.
 */
function errorsThatFit(results: number): <T, S>(whole: T, short: S) => T | S {
  let room = MAX_ANSWER_BYTES - results * SHORT_RESULT_BYTES;
  return (whole, short) => {
    if (room > 0) room -= Buffer.byteLength(JSON.stringify(JSON.stringify(whole)));
    return room > 0 ? whole : short;
  };
}

const fieldOf = ({ field }: ValidationError): ErrorField => ({ field });

const detail = (validationError: ValidationError): ErrorDetail => ({
  ...validationError,
  message: sentence(validationError),
});

/** Combines an item and, if it was sent, its acknowledgement. */
export function outcomeOf(
  item: Item,
  ack: { readonly ok: true; readonly partition: number; readonly offset: number } | { readonly ok: false } | undefined,
): Outcome {
  if (!item.ok) return { kind: 'rejected', status: item.status, validationError: item.validationError };
  if (!ack?.ok) return { kind: 'unacknowledged', key: item.key };
  const { partition, offset } = ack;
  return { kind: 'acknowledged', key: item.key, partition, offset, quarantine: item.quarantine };
}

function count(outcomes: readonly Outcome[], kind: Outcome['kind']): number {
  return outcomes.reduce((sum, outcome) => sum + (outcome.kind === kind ? 1 : 0), 0);
}

/** The responses of the proxies have no field for a record that is stored and counted nowhere: a header says how many there are. */
function quarantineHeader(outcomes: readonly Outcome[]): Readonly<Record<string, string>> {
  const quarantined = outcomes.filter((outcome) => outcome.kind === 'acknowledged' && outcome.quarantine).length;
  return quarantined > 0 ? { 'x-quarantined-records': String(quarantined) } : {};
}

/** 413 if every record was too large, else 400. */
function rejectedStatus(outcomes: readonly Outcome[]): 400 | 413 {
  return outcomes.every((outcome) => outcome.kind === 'rejected' && outcome.status === 413) ? 413 : 400;
}

export const NATIVE: Dialect = {
  rejectBody: (status, validationError) => json(status, { error: detail(validationError) } satisfies RequestError),
  respond(outcomes) {
    const accepted = count(outcomes, 'acknowledged');
    const notTaken = count(outcomes, 'unacknowledged');
    const rejected = outcomes.length - accepted - notTaken;
    const fitting = errorsThatFit(outcomes.length);
    const results = outcomes.map((outcome): RecordResult => {
      switch (outcome.kind) {
        case 'rejected':
          return {
            status: outcome.status,
            error: fitting(detail(outcome.validationError), fieldOf(outcome.validationError)),
          };
        case 'unacknowledged':
          return { status: 503, key: outcome.key, error: fitting(detail(UNACKNOWLEDGED), fieldOf(UNACKNOWLEDGED)) };
        case 'acknowledged': {
          const { key, partition, offset, quarantine } = outcome;
          return {
            ...{ status: 202, key, partition, offset },
            ...(quarantine && { quarantine: fitting(quarantine, fieldOf(quarantine)) }),
          };
        }
      }
    });
    if (notTaken > 0) {
      return json(503, { accepted, rejected, notTaken, results } satisfies IngestResponse, RETRY_AFTER);
    }
    const status = rejected === 0 ? 202 : accepted > 0 ? 207 : rejectedStatus(outcomes);
    return json(status, { accepted, rejected, results } satisfies IngestResponse);
  },
};

/** Error codes of the REST proxy: the HTTP status and two further digits. */
const UNPROCESSABLE = 42206;
const UNAVAILABLE = 50302;

export const REST_PROXY: Dialect = {
  rejectBody: (status, validationError) =>
    json(status === 400 ? 422 : status, {
      error_code: status === 400 ? UNPROCESSABLE : status,
      message: sentence(validationError),
    } satisfies RestProxyError),
  respond(outcomes) {
    const fitting = errorsThatFit(outcomes.length);
    const errorOf = (error: ValidationError) => fitting(sentence(error), error.field);
    const offsets = outcomes.map((outcome): RestProxyOffset => {
      switch (outcome.kind) {
        case 'acknowledged':
          return { partition: outcome.partition, offset: outcome.offset, error_code: null, error: null };
        case 'rejected':
          return { partition: null, offset: null, error_code: 1, error: errorOf(outcome.validationError) };
        case 'unacknowledged':
          return { partition: null, offset: null, error_code: 2, error: errorOf(UNACKNOWLEDGED) };
      }
    });
    if (outcomes.some(({ kind }) => kind === 'unacknowledged')) {
      const message = `${count(outcomes, 'unacknowledged')} of ${outcomes.length} records were not acknowledged by kafka`;
      return json(503, { error_code: UNAVAILABLE, message, offsets } satisfies RestProxyError, RETRY_AFTER);
    }
    const rejected = outcomes.find((outcome) => outcome.kind === 'rejected');
    if (rejected && count(outcomes, 'acknowledged') === 0) {
      const status = rejectedStatus(outcomes) === 413 ? 413 : 422;
      const code = status === 413 ? 413 : UNPROCESSABLE;
      return json(status, {
        error_code: code,
        message: sentence(rejected.validationError),
        offsets,
      } satisfies RestProxyError);
    }
    const response: RestProxyResponse = { offsets, key_schema_id: null, value_schema_id: null };
    return json(200, response, quarantineHeader(outcomes));
  },
};

function kinesisError(status: number, type: string, message: string, headers = {}): HttpResponse {
  return json(status, { __type: type, message } satisfies KinesisError, headers);
}

export const KINESIS: Dialect = {
  rejectBody: (status, validationError) =>
    kinesisError(
      status,
      status === 413 ? 'ValidationException' : 'InvalidArgumentException',
      sentence(validationError),
    ),
  respond([outcome]) {
    switch (outcome.kind) {
      case 'rejected':
        return KINESIS.rejectBody(outcome.status, outcome.validationError);
      case 'unacknowledged':
        return kinesisError(503, 'ServiceUnavailableException', sentence(UNACKNOWLEDGED), RETRY_AFTER);
      case 'acknowledged':
        return json(
          200,
          {
            SequenceNumber: String(outcome.offset),
            ShardId: `shardId-${String(outcome.partition).padStart(12, '0')}`,
          } satisfies KinesisResponse,
          quarantineHeader([outcome]),
        );
    }
  },
};

export const ROUTES = 'POST /posts, POST /pin, POST /topics/{topic} or PUT /streams/{stream}/record';

export function notFound(method: string, path: string): HttpResponse {
  const validationError = { field: 'route', value: `${method} ${path.slice(0, 100)}`, allowed: ROUTES };
  return json(404, { error: detail(validationError) } satisfies RequestError);
}

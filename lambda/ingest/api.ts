/** What the ingest API answers: the types from which its OpenAPI document is generated. */
import { type ValidationError } from '../domain/validation-error';

/** Taken: on the topic, acknowledged by all in-sync replicas. */
export interface Accepted {
  status: 202;
  /** The post's key. */
  key: string;
  partition: number;
  offset: number;
  /** Set if the record is durable, but a value in it cannot be interpreted: it goes to quarantine and into no view. */
  quarantine?: ValidationError;
}

/** Refused: no post, or too large (413). Sending it again is of no use. */
export interface Rejected {
  status: 400 | 413;
  error: ErrorDetail;
}

/** Not taken, because Kafka could not be reached or did not acknowledge it in time. Send it again. */
export interface NotTaken {
  status: 503;
  key: string;
  error: ErrorDetail;
}

export interface ErrorDetail extends ValidationError {
  /** The same in one sentence. */
  message: string;
}

export type RecordResult = Accepted | Rejected | NotTaken;

/** One result a record, in the order of the request. */
export interface IngestResponse {
  accepted: number;
  rejected: number;
  /** How many were not taken; present with status 503. */
  notTaken?: number;
  results: RecordResult[];
}

/** The body as a whole was refused. */
export interface RequestError {
  error: ErrorDetail;
}

/**
 * A request of the Kafka REST proxy, version 2.
 * @see https://docs.confluent.io/platform/current/kafka-rest/api.html
 * @public
 */
export interface RestProxyRequest {
  records: { value: unknown; key?: unknown; partition?: number }[];
}

export interface RestProxyOffset {
  partition: number | null;
  offset: number | null;
  /** 1: refused; 2: not taken, send it again. */
  error_code: 1 | 2 | null;
  error: string | null;
}

export interface RestProxyResponse {
  offsets: RestProxyOffset[];
  key_schema_id: null;
  value_schema_id: null;
}

export interface RestProxyError {
  error_code: number;
  message: string;
  /** Present if the body could be read as records. */
  offsets?: RestProxyOffset[];
}

/**
 * A request of Kinesis' PutRecord.
 * @see https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
 * @public
 */
export interface KinesisRequest {
  StreamName?: string;
  /** The section: as JSON, as JSON in a string, or as base64. */
  Data: unknown;
  PartitionKey?: string;
}

export interface KinesisResponse {
  SequenceNumber: string;
  ShardId: string;
}

export interface KinesisError {
  __type: string;
  message: string;
}

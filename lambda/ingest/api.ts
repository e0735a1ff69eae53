/** The responses of the ingest API: its OpenAPI document is generated from these types. */
import { type ValidationError } from '../domain/validation-error';

/** Accepted: the record is on the topic, acknowledged by all in-sync replicas. */
export interface Accepted {
  status: 202;
  /** The post's key. */
  key: string;
  partition: number;
  offset: number;
  /**
   * Set if the record is durable but contains a value that cannot be interpreted: it goes to quarantine and into no
   * view.
   */
  quarantine?: ValidationError | ErrorField;
}

/** Rejected: not a post, or too large (413). Sending it again has the same result. */
export interface Rejected {
  status: 400 | 413;
  error: ErrorDetail | ErrorField;
}

/** Kafka was unreachable or did not acknowledge the record in time. Send it again. */
export interface NotTaken {
  status: 503;
  key: string;
  error: ErrorDetail | ErrorField;
}

export interface ErrorDetail extends ValidationError {
  /** The same in one sentence. */
  message: string;
}

/**
 * The short form of an error, where the answer about all records would be larger than 6 MB. To get the whole error, send the record
 * alone.
 */
export interface ErrorField {
  field: string;
}

export type RecordResult = Accepted | Rejected | NotTaken;

/** One result per record, in the order of the request. */
export interface IngestResponse {
  accepted: number;
  rejected: number;
  /** How many records were not acknowledged; present with status 503. */
  notTaken?: number;
  results: RecordResult[];
}

/** The body as a whole was rejected. */
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
  /** 1: rejected; 2: not acknowledged, send it again. */
  error_code: 1 | 2 | null;
  /** One sentence, or only the field where the answer would be larger than 6 MB. */
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

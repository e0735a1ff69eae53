/** What strikes a local run while posts flow. */
import { type AirflowEngine } from '../../engines';
import { type GeneratedPost } from '../../loadgen/generate';
import { type SendOptions } from '../../loadgen/send';
import { type Generation } from '../../loadgen/clients';
import { type Random } from '../../loadgen/random';
import { type Running } from '../run/bring-up';
import { type LakeProxy } from './lake-proxy';

/** What a fault may touch. */
export interface Target extends Pick<Running, 'cloud' | 'plan' | 'kafka' | 'cassandra' | 's3'> {
  readonly airflow: AirflowEngine;
  /** Stands before S3. */
  readonly lake: LakeProxy;
  /** Of the run's seed. */
  readonly random: Random;
  /** Indexes that no other post has, in a row. @returns the first */
  indexes(count: number): number;
  /** Sends posts as another client; what it gets acknowledged is in the log of the run. */
  send(posts: Iterable<GeneratedPost>, options?: ClientOptions): Promise<void>;
}

export interface ClientOptions extends Pick<SendOptions, 'concurrency' | 'rate' | 'timeout'> {
  /** @default native */
  readonly generation?: Generation;
  /** Posts of a request. @default 50 */
  readonly batch?: number;
}

/** Ends a fault, and resolves once it is over. */
export type End = () => Promise<unknown>;

export interface Fault {
  /** As in `--chaos NAME`. */
  readonly name: string;
  /** What it does, to what; one line. */
  readonly what: string;
  /** How long it lasts before it is ended. */
  readonly seconds: number;
  /**
   * When it is recovered: answers have all posts that were on the topic when it was over, and the consumers are not behind. With
   * `published`, the batch layer has published the interval in which it was over, too. @default answers
   */
  readonly recovered?: 'answers' | 'published';
  /** Begins it. @throws Error if that is not possible here */
  strike(target: Target): Promise<End>;
}

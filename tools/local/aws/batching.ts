/**
 * How an event source divides what it has read into invocations, as pure functions.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */

/** A record as it will be in the event, with what batching needs. */
export interface Queued {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The record as JSON of the event. */
  readonly json: string;
  /** Size of `json` in UTF-8, bytes. */
  readonly bytes: number;
  /** When it was read, epoch ms. */
  readonly arrived: number;
}

export interface BatchLimits {
  /** Maximum number of records. */
  readonly count: number;
  /** Maximum bytes of records, each with the comma after it. */
  readonly bytes: number;
}

/** A record as the Kafka client delivers it. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** Epoch ms. */
  readonly timestamp: string;
  readonly timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME';
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
}

/** A record as Lambda writes it: key and value in base64, headers as lists of bytes. */
export function toQueued(record: SourceRecord, arrived: number): Queued {
  const { topic, partition, timestampType } = record;
  const headers = Object.entries(record.headers ?? {}).flatMap(([name, values]) =>
    [values ?? []].flat().map((value) => ({ [name]: [...Buffer.from(value as string)] })),
  );
  const json = JSON.stringify({
    topic,
    partition,
    offset: Number(record.offset),
    timestamp: Number(record.timestamp),
    timestampType,
    ...(record.key === null ? {} : { key: record.key.toString('base64') }),
    ...(record.value === null ? {} : { value: record.value.toString('base64') }),
    headers,
  });
  return { topic, partition, offset: BigInt(record.offset), json, bytes: Buffer.byteLength(json), arrived };
}

/**
 * The number of records to take from the head of each queue: the longest batch within the limits, oldest first. A record that
 * alone exceeds the byte limit is a batch of its own, so that the function reports an error instead of a silent stop.
 */
export function takeBatch(queues: readonly (readonly Queued[])[], limits: BatchLimits): number[] {
  const taken = queues.map(() => 0);
  let count = 0;
  let bytes = 0;
  for (;;) {
    let oldest = -1;
    for (let i = 0; i < queues.length; i++) {
      const head = queues[i][taken[i]];
      if (head && (oldest < 0 || head.arrived < queues[oldest][taken[oldest]].arrived)) oldest = i;
    }
    if (oldest < 0 || count === limits.count) return taken;
    const next = queues[oldest][taken[oldest]].bytes + 1;
    if (count > 0 && bytes + next > limits.bytes) return taken;
    taken[oldest] += 1;
    count += 1;
    bytes += next;
  }
}

/**
 * Milliseconds until a batch is due: 0 if it is full or its window has passed, undefined if there is no record.
 * @param windowMs how long the oldest record may wait
 */
export function dueIn(
  queues: readonly (readonly Queued[])[],
  limits: BatchLimits,
  windowMs: number,
  now: number,
): number | undefined {
  const waiting = queues.reduce((sum, queue) => sum + queue.length, 0);
  if (waiting === 0) return undefined;
  const oldest = Math.min(...queues.filter((queue) => queue.length > 0).map((queue) => queue[0].arrived));
  const left = oldest + windowMs - now;
  if (left <= 0 || waiting >= limits.count) return 0;
  const fitting = takeBatch(queues, limits).reduce((sum, count) => sum + count, 0);
  return fitting < waiting ? 0 : left;
}

/** Size of the event without records, given the partitions that may be in it. */
export function envelopeBytes(arn: string, bootstrapServers: string, partitions: Iterable<string>): number {
  const empty = Object.fromEntries([...partitions].map((partition) => [partition, []]));
  return Buffer.byteLength(eventOf(arn, bootstrapServers, empty));
}

function eventOf(arn: string, bootstrapServers: string, records: Readonly<Record<string, readonly string[]>>): string {
  const lists = Object.entries(records).map(([partition, list]) => `${JSON.stringify(partition)}:[${list.join(',')}]`);
  const head = JSON.stringify({ eventSource: 'aws:kafka', eventSourceArn: arn, bootstrapServers });
  return `${head.slice(0, -1)},"records":{${lists.join(',')}}}`;
}

/** The event of a batch, JSON. */
export function kafkaEvent(arn: string, bootstrapServers: string, batch: readonly Queued[]): string {
  const records: Record<string, string[]> = {};
  for (const { topic, partition, json } of batch) (records[`${topic}-${partition}`] ??= []).push(json);
  return eventOf(arn, bootstrapServers, records);
}

/**
 * A process that sends through the port while its parent kills and freezes the broker, reports, and then ends by itself if the
 * port allows it: an unhandled error ends it before, a socket or timer that stays open keeps it.
 *
 *   sender-process.ts CLIENT BROKERS TOPIC
 */
import { type PartitionEnds, type SendResult } from '../../../lambda/aws/kafka/port';
import { KAFKA_CLIENTS } from './kafka-clients';

type Acknowledged = Extract<SendResult, { ok: true }>;

export interface SenderReport {
  readonly acknowledged: readonly (readonly [value: string, Acknowledged])[];
  /** After the outage, by a port that has read them before. */
  readonly ends: readonly PartitionEnds[];
  /** Milliseconds of the slowest send. */
  readonly slowest: number;
  /** What came of the send through the port that was closed while the broker was frozen. */
  readonly givenUp: SendResult;
}

/** `freeze` comes after the broker is frozen, `stop` at the end. */
export type SenderCommand = 'freeze' | 'stop';
export type SenderMessage =
  { readonly progress: { readonly acknowledged: number; readonly failed: number } } | { readonly report: SenderReport };

const CONCURRENCY = 50;
const ENDS_WITHIN_MS = 8_000;

const [client, brokers, topic] = process.argv.slice(2);
const connect = () => KAFKA_CLIENTS[client]({ brokers: [brokers], auth: 'unsecured', topic });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const commanded = (expected: SenderCommand) =>
  new Promise<void>((resolve) => process.on('message', (received) => received === expected && resolve()));

const acknowledged: [string, Acknowledged][] = [];
let failed = 0;
let slowest = 0;
let next = 0;
let frozen = false;
let stopped = false;

const port = connect();

/** Sends each record once and never again, so that every second copy on the topic is the port's doing. */
async function keepSending(): Promise<void> {
  while (!stopped) {
    const ids = [1, 2, 3, 4].map(() => String(next++));
    const started = performance.now();
    const results = await port.send(ids.map((id) => ({ key: id, value: `value-${id}` })));
    slowest = Math.max(slowest, performance.now() - started);
    results.forEach((result, i) => {
      if (result.ok) acknowledged.push([`value-${ids[i]}`, result]);
      else failed++;
    });
    if (results.some(({ ok }) => !ok)) await pause(100);
  }
}

/** Uses a port until the frozen broker fails it, and closes it then. */
async function closeInFreeze(): Promise<SendResult> {
  const closed = connect();
  await closed.endOffsets(topic);
  for (;;) {
    const [result] = await closed.send([{ key: '1', value: 'from the port that is closed in the freeze' }]);
    if (frozen && !result.ok) {
      await closed.close();
      return result;
    }
    await pause(100);
  }
}

async function main(): Promise<void> {
  await port.endOffsets(topic);
  void commanded('freeze').then(() => (frozen = true));
  void commanded('stop').then(() => (stopped = true));
  // Without a parent it throws, so that no sender outlives the test.
  const progress = setInterval(() => process.send!({ progress: { acknowledged: acknowledged.length, failed } }), 50);
  const [givenUp] = await Promise.all([closeInFreeze(), ...Array.from({ length: CONCURRENCY }, keepSending)]);
  clearInterval(progress);
  const ends = await port.endOffsets(topic);
  await port.close();
  const report: SenderReport = { acknowledged, ends, slowest, givenUp };
  await new Promise((resolve) => process.send!({ report }, resolve));
  process.disconnect();
  setTimeout(() => {
    process.stderr.write(`open ${ENDS_WITHIN_MS} ms after close: ${process.getActiveResourcesInfo().join(', ')}\n`);
    process.exit(1);
  }, ENDS_WITHIN_MS).unref();
}

void main();

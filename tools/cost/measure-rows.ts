/** Measures what a batch of the speed layer writes to the store while an interval fills: the sizes of its blobs, at marks. */
import { writeFileSync } from 'node:fs';
import { applyChange, applyRecords, type Settings } from '../../lambda/aggregate/core';
import { emptyState, encodeState, stateSchema } from '../../lambda/formats/speed-state';
import { encodeCounts } from '../../lambda/formats/counts-codec';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { type Counts } from '../../lambda/domain/merge';
import { VIEWS, type View } from '../../lambda/domain/views';
import { type Command } from '../kit/command';
import { onlyFile, parse } from '../kit/options';
import { today } from '../kit/time';
import { envelopeOf, generate } from '../loadgen/generate';
import { toQueued } from '../local/aws/batching';
import { type RowMark, type RowMeasurement } from './measurement';

const MARKS = [50, 200, 1_000, 5_000, 20_000, 50_000, 100_000, 300_000];
const SEED = 1;
/** Bytes of a row's key, offset and timestamp, as the handler counts them. */
const ROW_OVERHEAD = 100;
const unitsOf = (bytes: number) => Math.ceil((bytes + ROW_OVERHEAD) / 1024);

function* records(posts: number): Generator<KafkaRecord> {
  let offset = 0;
  for (const { key, sections } of generate({ posts, seed: SEED })) {
    const value = Buffer.from(envelopeOf({ sections }));
    yield { partition: 0, offset: offset++, timestamp: 60_000, key: Buffer.from(key), value, headers: {} };
  }
}

/** Mean bytes of a record in a Lambda event: key and value in base64, with position and time. */
function eventBytesOf(posts: number): number {
  let bytes = 0;
  for (const { offset, timestamp, key, value } of records(posts)) {
    const source = { topic: 'posts', partition: 0, offset: String(offset), timestamp: String(timestamp), key, value };
    bytes += toQueued({ ...source, timestampType: 'LOG_APPEND_TIME' }, 0).bytes + 1;
  }
  return bytes / posts;
}

function measure(): RowMark[] {
  const posts = MARKS[MARKS.length - 1];
  const schema = stateSchema(VIEWS, 60);
  const settings: Settings = { views: VIEWS, columns: schema.columns, intervalMinutes: 60, recentPosts: posts };
  const state = emptyState();
  const counts = new Map<View, Counts>(VIEWS.map((view) => [view, new Map<string, number>()]));
  const marks: RowMark[] = [];
  let batch: KafkaRecord[] = [];
  const apply = () => {
    for (const change of applyRecords(state, batch, settings).changes) {
      applyChange(change, counts.get(change.view)!, undefined);
    }
    batch = [];
  };
  let seen = 0;
  for (const record of records(posts)) {
    batch.push(record);
    seen += 1;
    const mark = MARKS.includes(seen);
    if (batch.length === 1_000 || mark) apply();
    if (!mark) continue;
    const units = VIEWS.map((view) => unitsOf(encodeCounts(view, counts.get(view)!).length));
    const viewUnits = units.reduce((sum, each) => sum + each, 0);
    let stateUnits: number | null = null;
    try {
      stateUnits = unitsOf(encodeState(state, schema).length);
    } catch {
      // More posts than a row of the store can hold: the configuration rejects that many.
    }
    marks.push({ posts: seen, viewUnits, largestViewUnits: Math.max(...units), stateUnits });
  }
  return marks;
}

function run(argv: readonly string[]): void {
  const { positionals } = parse(argv, {}, { positionals: true });
  const file = onlyFile(positionals);
  const result: RowMeasurement = {
    command: 'npm run pipeline -- measure-rows tools/cost/measurements/rows.json',
    date: today(),
    views: VIEWS.length,
    seed: SEED,
    eventBytes: Math.round(eventBytesOf(20_000)),
    marks: measure(),
  };
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
}

export const command: Command = {
  operands: 'FILE',
  options: {},
  about: "Runs the speed layer's code on generated posts of one partition, and writes the sizes as JSON.",
  run,
};

/**
 * The compaction's engine beside a bare DuckDB COPY of the same raw objects to the same columns: same threads, memory, codec and
 * row groups. The bare one trusts the log: it checks no offsets, has no dedup index and joins no sections.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { archiveRecords } from '../../lambda/archive/core';
import { RAW_COMPRESSION } from '../../lambda/formats/raw-line';
import { DUCKDB_TYPES } from '../../lambda/formats/post-files';
import { type Resources } from '../../lambda/compact/core';
import { runCompaction } from '../../lambda/compact/engine';
import { type RawFile } from '../../lambda/compact/sql';
import { columnsOf, COLUMNS, SECTIONS } from '../../lambda/domain/columns';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { envelopeOf, generate } from '../loadgen/generate';
import { inTurn, medianRatio, rate } from './measure';
import { type Report, type Size } from './report';

const BATCH = 4_000;
const START = Date.parse('2026-11-22T21:00:00Z');
const RESOURCES: Resources = { memoryMb: 1_024, threads: 2 };
const WARM_UP = 1;

/** Whole posts, or every section as a separate record, so that each post has to be joined. */
export type Shape = 'whole' | 'sections';

function* recordsOf(posts: number, shape: Shape): Generator<KafkaRecord> {
  let offset = 0;
  for (const post of generate({ posts, seed: 1 })) {
    const at = { partition: 0, timestamp: START, key: Buffer.from(post.key) };
    if (shape === 'whole') {
      yield { ...at, offset: offset++, value: Buffer.from(envelopeOf(post)), headers: {} };
      continue;
    }
    for (const section of SECTIONS) {
      const text = post.sections[section];
      if (text !== undefined) yield { ...at, offset: offset++, value: Buffer.from(text), headers: { section } };
    }
  }
}

export interface RawLog {
  readonly files: readonly RawFile[];
  readonly records: number;
  /** Of the lines, before compression. */
  readonly bytes: number;
}

/** Writes the raw log as the archive does, into `folder`. @param enough stops at this many bytes of lines */
export function writeRawLog(folder: string, posts: number, shape: Shape, enough = Infinity): RawLog {
  const files: RawFile[] = [];
  let bytes = 0;
  let records = 0;
  let batch: KafkaRecord[] = [];
  const flush = () => {
    if (batch.length === 0) return;
    const [{ first, last, ndjson }] = archiveRecords('posts', new Map([[0, batch]])).objects;
    const path = join(folder, `${first}.zst`);
    writeFileSync(path, zstdCompressSync(ndjson, RAW_COMPRESSION));
    files.push({ path, from: first, to: last + 1 });
    bytes += ndjson.length;
    records += batch.length;
    batch = [];
  };
  for (const record of recordsOf(posts, shape)) {
    batch.push(record);
    if (batch.length === BATCH) flush();
    if (bytes >= enough) break;
  }
  flush();
  return { files, records, bytes };
}

export async function compactLog(log: RawLog, folder: string, resources: Resources): Promise<void> {
  mkdirSync(join(folder, 'duckdb'), { recursive: true });
  const at = (name: string) => join(folder, name);
  const counts = await runCompaction(
    { partition: 0, from: 0, to: log.records, interval: '2026-11-22T21-00', horizon: '2026-11-15T21-00' },
    {
      sources: log.files.map((item) => ({ item, from: item.from, to: item.to })),
      dedupIndex: [],
      incompletePosts: undefined,
    },
    {
      records: at('records'),
      posts: at('posts'),
      dedupIndex: at('dedupIndex'),
      incompletePosts: at('incompletePosts'),
    },
    at('duckdb'),
    resources,
  );
  if (counts.records !== log.records) throw new Error(`${counts.records} of ${log.records} records were compacted`);
}

/** The columns of the lake that need no computation. */
function copySql(files: readonly RawFile[], target: string): string {
  const struct = (section: (typeof SECTIONS)[number]) =>
    `STRUCT(${columnsOf(section)
      .map(({ name, type }) => `"${name}" ${DUCKDB_TYPES[type]}`)
      .join(', ')})`;
  const fields = ["o: 'BIGINT'", "k: 'BIGINT'", ...SECTIONS.map((section) => `"${section}": '${struct(section)}'`)];
  const columns = COLUMNS.map(({ section, name }) => `"${section}"."${name}" AS "${name}"`);
  return `COPY (SELECT k AS post_key, o AS first_offset, ${columns.join(', ')}
    FROM read_json([${files.map(({ path }) => `'${path}'`).join(', ')}],
      format = 'newline_delimited', compression = 'zstd', columns = {${fields.join(', ')}}))
    TO '${target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)`;
}

async function copyLog(log: RawLog, folder: string, resources: Resources): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${resources.memoryMb}MB`,
    threads: String(resources.threads),
    temp_directory: join(folder, 'spill'),
  });
  try {
    const connection = await instance.connect();
    await connection.run(copySql(log.files, join(folder, 'posts')));
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
}

async function compare(folder: string, { rounds, posts }: Size, shape: Shape) {
  const raw = join(folder, shape);
  mkdirSync(raw);
  const log = writeRawLog(raw, posts, shape);
  const removing = async (work: (target: string) => Promise<void>) => {
    const target = join(folder, 'output');
    await work(target);
    if (!existsSync(join(target, 'posts'))) throw new Error('nothing was written');
    rmSync(target, { recursive: true });
  };
  const { compacting, copying } = await inTurn(rounds, WARM_UP, {
    compacting: () => removing((target) => compactLog(log, target, RESOURCES)),
    copying: () => removing((target) => copyLog(log, target, RESOURCES)),
  });
  return { log, compacting, copying };
}

export async function compact(size: Size = { rounds: 5, posts: 50_000 }): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-compact-'));
  try {
    const whole = await compare(folder, size, 'whole');
    const sections = await compare(folder, size, 'sections');
    const { threads, memoryMb } = RESOURCES;
    return {
      bench: 'compact',
      setting: `${size.posts} posts (${Math.round(whole.log.bytes / 1e6)} MB of lines), against a bare DuckDB COPY, ${threads} threads, ${memoryMb} MB`,
      figures: [
        { what: 'compact', value: rate(whole.log.records, whole.compacting, 'cpu'), unit: 'records/CPU-s' },
        { what: 'bare COPY', value: rate(whole.log.records, whole.copying, 'cpu'), unit: 'records/CPU-s' },
        {
          what: 'ratio',
          value: medianRatio(whole.copying, whole.compacting, 'cpu'),
          unit: '',
          goal: { atLeast: 0.95 },
        },
        { what: 'ratio on the clock', value: medianRatio(whole.copying, whole.compacting, 'wall'), unit: '' },
        {
          what: 'ratio where each section is a record of its own, to be put together',
          value: medianRatio(sections.copying, sections.compacting, 'cpu'),
          unit: '',
        },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

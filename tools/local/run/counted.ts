/**
 * Which sections of which posts a layer has counted, from what it stores of each post: the Parquet files of the batch layer, and the log
 * of the speed layer. Sets, not counters: a post that is lost and one that is counted twice do not cancel out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { SECTIONS } from '../../../lambda/domain/columns';
import { parseIntervalName } from '../../../lambda/domain/intervals';
import { type SectionMask } from '../../../lambda/domain/merge';
import { type Manifest } from '../../../lambda/formats/interval-metadata';
import { postsKey, PREFIXES } from '../../../lambda/formats/keys';
import { decodePosts } from '../../../lambda/formats/post-blob';
import { rowsFrom } from '../../../lambda/aws/keyspaces/speed-chain';
import { connectS3 } from '../../../lambda/aws/s3';
import { DISK } from '../../../lambda/compact/disk';
import { ENV } from '../../../lambda/runtime/env';
import { findFunction } from '../../assembly/local-plan';
import { s3Client } from '../../engines';
import { type Running } from './bring-up';
import { withStore } from './store';

export class Counted {
  /** By index, the sections that were counted. */
  readonly sections = new Map<number, SectionMask>();
  /** By index, those of them that were counted more than once. */
  readonly twice = new Map<number, SectionMask>();

  add(index: number, sections: SectionMask): void {
    const before = this.sections.get(index) ?? 0;
    const again = before & sections;
    if (again !== 0) this.twice.set(index, (this.twice.get(index) ?? 0) | again);
    this.sections.set(index, before | sections);
  }
}

/** What the log of the speed layer says is new of each post. Rows live for `speedTtlHours`. */
export function countedBySpeed(running: Pick<Running, 'cassandra' | 'plan'>): Promise<Counted> {
  const counted = new Counted();
  return withStore(running, async ({ store }) => {
    for (const { name: topic, partitions } of running.plan.topics) {
      for (let partition = 0; partition < partitions; partition++) {
        for (const { posts: blob } of await rowsFrom(store, { topic, partition }, 0)) {
          const { posts } = decodePosts(blob);
          const news = posts.news.all;
          posts.index.all.forEach((index, row) => counted.add(index, news[row]));
        }
      }
    }
    return counted;
  });
}

const MASK = SECTIONS.map((name, bit) => `list_contains(new_sections, '${name}')::INTEGER * ${1 << bit}`).join(' + ');

/**
 * What the Parquet files that manifests name say is new of each post.
 * @throws Error naming a file that is not as its manifest says
 */
export async function countedByBatch({ s3, plan }: Pick<Running, 's3' | 'plan'>): Promise<Counted> {
  const counted = new Counted();
  const { environment } = findFunction(plan.functions, 'compact');
  const client = s3Client(s3.endpoint);
  const lake = connectS3(environment[ENV.lakeBucket], client);
  const directory = mkdtempSync(join(tmpdir(), 'counted-'));
  const file = join(directory, 'posts.parquet');
  // Files follow each other under one name.
  const duckdb = await DuckDBInstance.create(':memory:', { enable_external_file_cache: 'false' });
  const connection = await duckdb.connect();
  try {
    for await (const { key } of lake.list({ prefix: PREFIXES.manifests })) {
      const { interval, partitions } = JSON.parse((await lake.get(key)).toString('utf8')) as Manifest;
      const start = parseIntervalName(interval, Number(environment[ENV.intervalMinutes]));
      for (const { partition, sha256 } of partitions.filter(({ rows }) => rows > 0)) {
        const name = postsKey(start, partition);
        await lake.download(name, file);
        const found = await DISK.sha256(file);
        if (found !== sha256) throw new Error(`${name} must have the SHA-256 of its manifest, ${sha256}, got ${found}`);
        const rows = await connection.runAndReadAll(`SELECT post_key, ${MASK} FROM read_parquet('${file}')`);
        for (const [index, mask] of rows.getRowsJS()) counted.add(Number(index), Number(mask));
      }
    }
    return counted;
  } finally {
    connection.closeSync();
    duckdb.closeSync();
    client.destroy();
    rmSync(directory, { recursive: true });
  }
}

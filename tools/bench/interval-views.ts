/**
 * All views of an interval by DuckDB, as `commit` computes them with what its function gives: the time of a row decides up to which size
 * DuckDB computes an interval where both engines are there.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withDuckdb } from '../../lambda/compact/engine';
import { type Resources, resourcesOf } from '../../lambda/compact/core';
import { viewsEngineWith } from '../../lambda/compact/views-engine';
import { VIEWS } from '../../lambda/domain/views';
import { FUNCTION_MB } from '../../lib/capacity/functions';
import { compactLog, writeRawLog } from './compact';
import { inTurn, median } from './measure';
import { type Report, type Size } from './report';

const INTERVAL = '2026-11-22T21-00';
/** Posts that are generated for a large interval. The rest are these with other names of posters. */
const GENERATED = 250_000;

/** Copies of a file of posts, each as a partition with posters of its own. @returns their paths */
async function copies(source: string, count: number, folder: string, resources: Resources): Promise<string[]> {
  const paths = Array.from({ length: count }, (_, i) => join(folder, `posts-${i}.parquet`));
  const own = join(folder, 'duckdb-copies');
  mkdirSync(own);
  await withDuckdb(own, resources, async (connection) => {
    for (const [i, path] of paths.entries()) {
      await connection.run(
        `COPY (SELECT * REPLACE (poster_name || ' ${i}' AS poster_name, ${i}::INTEGER AS kafka_partition) FROM read_parquet('${source}'))
          TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)`,
      );
    }
  });
  return paths;
}

export async function intervalViews({ rounds, posts }: Size = { rounds: 5, posts: 100_000 }): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-interval-'));
  try {
    const resources = resourcesOf(FUNCTION_MB.compact);
    const raw = join(folder, 'raw');
    mkdirSync(raw);
    const generated = Math.min(posts, GENERATED);
    await compactLog(writeRawLog(raw, generated, 'whole'), folder, resources);
    const files = await copies(join(folder, 'posts'), Math.ceil(posts / generated), folder, resources);
    const rows = files.length * generated;
    const engine = viewsEngineWith(resources);
    const found: number[] = [];
    const { views } = await inTurn(rounds, rounds > 1 ? 1 : 0, {
      views: async () => {
        const own = mkdtempSync(join(folder, 'duckdb-'));
        const counted = await engine(
          { views: VIEWS, interval: INTERVAL, files, pathOf: ({ name }) => join(folder, `${name}.ndjson`) },
          own,
        );
        found.push(Object.values(counted.keys).reduce((sum, keys) => sum + keys, 0));
        const read = [...counted.rows.values()].reduce((sum, some) => sum + some, 0);
        if (read !== rows) throw new Error(`the views are of ${read} rows, ${rows} were written`);
      },
    });
    const cpu = (median(views.map((sample) => sample.cpu)) / rows) * 1_000;
    const wall = median(views.map((sample) => sample.wall)) / 1_000;
    return {
      bench: posts > GENERATED ? 'interval-views-large' : 'interval-views',
      setting: `all ${VIEWS.length} views of an interval of ${rows} posts in ${files.length} files, with what a function of ${FUNCTION_MB.compact} MB gives DuckDB; no peer`,
      figures: [
        { what: 'processor time of a row', value: cpu, unit: 'µs', goal: { atMost: 3 } },
        { what: 'time', value: wall, unit: 's' },
        { what: 'keys', value: found[0], unit: '' },
      ],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

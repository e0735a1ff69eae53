/** An interval of 1 GB of lines, compacted as in a function of 512 MB: in a new process, whose peak memory is read. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resourcesOf } from '../../lambda/compact/core';
import { compactLog, type RawLog, type Shape, writeRawLog } from './compact';
import { type Figure, type Report } from './report';

const FUNCTION_MB = 512;
const GB = 1e9;
/** More posts than the bytes need. */
const PLENTY = 2_000_000;

interface Used {
  readonly megabytes: number;
  readonly seconds: number;
}

async function compactAlone(folder: string, shape: Shape, bytes: number, posts: number): Promise<Used> {
  const log = writeRawLog(folder, posts, shape, bytes);
  writeFileSync(join(folder, 'log.json'), JSON.stringify(log));
  const child = fork(__filename, [folder], { execArgv: [...process.execArgv] });
  const ended = once(child, 'exit');
  const [used] = (await Promise.race([once(child, 'message'), ended.then(() => [undefined])])) as [Used | undefined];
  const [code] = (await ended) as [number];
  if (!used || code !== 0) throw new Error(`the compaction of ${shape} posts ended with code ${code}`);
  return used;
}

export async function compactLarge(bytes = GB, posts = PLENTY): Promise<Report> {
  const figures: Figure[] = [];
  for (const shape of ['whole', 'sections'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-large-'));
    try {
      const { megabytes, seconds } = await compactAlone(folder, shape, bytes, posts);
      const what = shape === 'whole' ? 'whole posts' : 'a record a section';
      figures.push(
        { what: `${what}: largest resident size`, value: megabytes, unit: 'MB', goal: { atMost: FUNCTION_MB } },
        { what: `${what}: time`, value: seconds, unit: 's' },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const setting = `${(bytes / GB).toFixed(3)} GB of lines, with what a function of ${FUNCTION_MB} MB gives DuckDB`;
  return { bench: 'compact-large', setting, figures };
}

async function child(folder: string): Promise<void> {
  const log = JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as RawLog;
  const started = performance.now();
  await compactLog(log, join(folder, 'output'), resourcesOf(FUNCTION_MB));
  const used: Used = {
    megabytes: process.resourceUsage().maxRSS / 1024,
    seconds: (performance.now() - started) / 1000,
  };
  process.send!(used);
  process.disconnect();
}

if (require.main === module) void child(process.argv[2]);

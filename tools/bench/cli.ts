import { loadavg } from 'node:os';
import { AUTO_ROWS } from '../../lambda/compact/core';
import { generate } from '../docgen/generate';
import { type Command } from '../kit/command';
import { flag, parse } from '../kit/options';
import { aggregate } from './aggregate';
import { archive } from './archive';
import { bundles } from './bundles';
import { compact } from './compact';
import { compactLarge } from './compact-large';
import { ingest } from './ingest';
import { intervalViews } from './interval-views';
import { query } from './query';
import { queryOpen } from './query-open';
import { asText, type Report } from './report';
import { retain } from './results';
import { streams } from './streams';
import { MANY, views } from './views';

const BENCHES: Readonly<Record<string, () => Promise<Report>>> = {
  ingest: () => ingest(),
  archive: () => archive(),
  aggregate: () => aggregate(),
  streams: () => streams(),
  compact: () => compact(),
  query: () => query(),
  'query-open': () => queryOpen(),
  bundles: () => bundles(),
  'interval-views': () => intervalViews(),
  views: () => views(),
};
const LARGE: Readonly<Record<string, () => Promise<Report>>> = {
  compact: () => compactLarge(),
  'interval-views': () => intervalViews({ rounds: 1, posts: AUTO_ROWS }),
  views: () => views(MANY),
};

const OPTIONS = {
  write: flag('stores the results and writes docs/performance.md from all that are stored'),
  large: flag('adds what takes a GB of disk and minutes'),
};

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv, OPTIONS, { positionals: true });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined) {
    throw new Error(`a bench must be one of ${Object.keys(BENCHES).join(', ')}, got '${unknown}'`);
  }
  const wanted = names.flatMap((name) => [BENCHES[name], ...(values.large && LARGE[name] ? [LARGE[name]] : [])]);
  for (const bench of wanted) {
    const [load] = loadavg();
    const report = await bench();
    console.log(asText(report));
    if (values.write) retain(report, load);
  }
  if (values.write) await generate(['performance']);
}

export const command: Command = {
  operands: `[${Object.keys(BENCHES).join(' ')}]`,
  options: OPTIONS,
  run,
};

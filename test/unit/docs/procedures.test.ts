/** The runbook's procedures name scripts, options, functions, keys and articles that exist. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scripts } from '../../../package.json';
import { PREFIXES } from '../../../lambda/formats/keys';
import { STEPS } from '../../../lambda/runtime/metrics';
import { VIEWS } from '../../../lambda/domain/views';
import { CONFIG_KEYS } from '../../../lib/config';
import { parseEraseOptions } from '../../../tools/operate/erase/options';
import { parseReplayOptions } from '../../../tools/operate/replay/options';
import { REPLAYED } from '../../../tools/operate/replay/replay';
import { ROOT } from '../../../tools/kit/root';

const RUNBOOK = readFileSync(join(ROOT, 'docs', 'runbook.md'), 'utf8');
const PROCEDURES = RUNBOOK.split(/^## /m).find((part) => part.startsWith('Procedures'))!;
const SHELL = [...RUNBOOK.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) => code).join('\n');
const INLINE = [...PROCEDURES.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);

const all = (pattern: RegExp) => [...new Set([...PROCEDURES.matchAll(pattern)].map(([, name]) => name))];

test('there is one for each manual task, with what to check afterwards', () => {
  const articles = PROCEDURES.split(/^### /m).slice(1);
  expect(articles.map((article) => article.split('\n')[0])).toEqual([
    'Backfill a range',
    'A run that holds the lease',
    'Replay the quarantine',
    'Hold or roll back the boundary',
    'Rebuild a view',
    'Erase a person',
    'Rotate',
    'Scale partitions',
    'Restore tables from PITR',
  ]);
  for (const article of articles) expect(article).toMatch(/^\*\*Check\.\*\* /m);
});

test('scripts, steps, keys of the config, views and prefixes exist', () => {
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(all(/npm run (?:-s )?([\w-]+)/g)));
  const steps = [...STEPS].map((step) => step[0].toUpperCase() + step.slice(1));
  expect(steps).toEqual(expect.arrayContaining(all(/(?:fn|troubles) ([A-Z]\w+)/g)));
  expect(['stage', ...CONFIG_KEYS]).toEqual(expect.arrayContaining(all(/-c (\w+)=/g)));
  const views = VIEWS.map(({ name }) => name);
  expect(views).toEqual(expect.arrayContaining(all(/ask \/views\/(\w+)/g)));
  const prefixes = [...Object.values(PREFIXES), REPLAYED];
  const named = all(/s3:\/\/\$LAKE\/([\w/]+\/)/g);
  expect(named.filter((each) => !prefixes.some((prefix) => each.startsWith(prefix)))).toEqual([]);
});

test('erase and replay accept the commands of the procedures', () => {
  const argsOf = (name: string) => {
    const command = INLINE.find((code) => code.startsWith(`npm run -s ${name} -- --lake`))!;
    return command
      .replace('"$LAKE"', 'lake')
      .match(/'[^']*'|\S+/g)!
      .slice(5)
      .map((word) => word.replaceAll("'", ''));
  };
  expect(parseEraseOptions(argsOf('erase'))).toMatchObject({ target: { person: { age: 36 } }, compact: undefined });
  expect(parseReplayOptions(argsOf('replay'))).toMatchObject({ lake: 'lake', ingest: undefined });
  const narrower = INLINE.find((code) => code.startsWith('--partition'))!.split(' ');
  expect(parseReplayOptions(['--lake', 'lake', ...narrower])).toMatchObject({ filter: { partition: 3, from: 100 } });
});

test('the shell functions are shell, and send JSON to the DAG', () => {
  const asks = `aws() { printf '%s\\n' "$@"; }\n${SHELL.replace('LAKE=$(output storage LakeBucket)', '')}
    range 2026-11-22T00-00 2026-11-22T05-00; pause true`;
  const said = execFileSync('bash', ['-euc', asks], { encoding: 'utf8' }).split('\n');
  const bodies = said.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown);
  expect(bodies).toEqual([
    { logical_date: null, conf: { from: '2026-11-22T00-00', to: '2026-11-22T05-00' } },
    { is_paused: true },
  ]);
});

/** The runbook names scripts, options, functions, keys, articles, resources and log messages that exist. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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
import { synthesized } from '../../support/synth';

const RUNBOOK = readFileSync(join(ROOT, 'docs', 'runbook.md'), 'utf8');
const PROCEDURES = RUNBOOK.split(/^## /m).find((part) => part.startsWith('Procedures'))!;
const SHELL = [...RUNBOOK.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, code]) => code).join('\n');
const inlineOf = (text: string) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code);
const INLINE = inlineOf(PROCEDURES);

const all = (pattern: RegExp, text = PROCEDURES) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))];

test('there is a procedure for each manual task, and it ends with a check', () => {
  const articles = PROCEDURES.split(/^### /m).slice(1);
  expect(articles.map((article) => article.split('\n')[0])).toEqual([
    'I sent it and do not see it',
    'Bound what a month costs',
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

test('the article that starts from a post quotes what trace prints', () => {
  const article = PROCEDURES.split(/^### /m).find((each) => each.startsWith('I sent it'))!;
  const cells = [...article.matchAll(/^\| ("[^|]*)\|/gm)].map(([, cell]) => cell);
  const quoted = cells.flatMap((cell) => [...cell.matchAll(/"([^"]+)"/g)].map(([, words]) => words));
  expect(quoted.length).toBeGreaterThan(6);
  const printed = readFileSync(join(ROOT, 'tools', 'operate', 'trace', 'text.ts'), 'utf8').replace(/ +/g, ' ');
  const words = quoted.flatMap((each) => each.split('…').map((part) => part.replace(/^: /, '').trim()));
  expect(words.filter((each) => each !== '' && !printed.includes(each))).toEqual([]);
});

test('scripts, steps, keys of the config, views and prefixes exist', () => {
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(all(/npm run (?:-s )?([\w-]+)/g)));
  const steps = [...STEPS].map((step) => step[0].toUpperCase() + step.slice(1));
  const named = all(/(?:fn|logs|errors) ([A-Z]\w+)/g, RUNBOOK);
  expect(named).toContain('Aggregate');
  expect(steps).toEqual(expect.arrayContaining(named));
  expect(['stage', ...CONFIG_KEYS]).toEqual(expect.arrayContaining(all(/-c (\w+)=/g)));
  const views = all(/get \/views\/(\w+)/g);
  expect(views).not.toEqual([]);
  expect(VIEWS.map(({ name }) => name)).toEqual(expect.arrayContaining(views));
  const prefixes = [...Object.values(PREFIXES), REPLAYED];
  const keys = all(/s3:\/\/\$LAKE\/([\w/]+\/)/g);
  expect(keys.filter((each) => !prefixes.some((prefix) => each.startsWith(prefix)))).toEqual([]);
});

test('each look-up of a resource or an output finds exactly one in the templates of prod', () => {
  const { stacks } = synthesized({ stage: 'prod' });
  const templateOf = (stack: string) => stacks.find(({ name }) => name.endsWith(`-${stack}`))!.template;
  const steps = all(/(?:fn|logs|errors) ([A-Z]\w+)/g, RUNBOOK);
  const lookUps = [...RUNBOOK.matchAll(/resource (\w+) (AWS::\w+::\w+) "?([A-Z][a-z]\w*)(\$1)?/g)].flatMap(
    ([, stack, type, prefix, parameter]) =>
      parameter ? steps.map((step) => ({ stack, type, prefix: prefix + step })) : [{ stack, type, prefix }],
  );
  const found = lookUps.map(({ stack, type, prefix }) => {
    const resources = Object.entries(templateOf(stack).Resources ?? {});
    return [prefix, resources.filter(([id, { Type }]) => Type === type && id.startsWith(prefix)).length];
  });
  expect(found.map(([prefix]) => prefix)).toEqual(
    expect.arrayContaining(['StepsSeal', 'CanaryLogs', 'KafkaBrokerLogs', 'IngestApi']),
  );
  expect(found.filter(([, count]) => count !== 1)).toEqual([]);
  const outputs = [...RUNBOOK.matchAll(/output (\w+) ([A-Z]\w+)/g)];
  expect(outputs.map(([, , name]) => name)).toContain('LakeBucket');
  expect(
    outputs.filter(([, stack, name]) => !(name in (templateOf(stack).Outputs ?? {}))).map(([text]) => text),
  ).toEqual([]);
});

describe('log messages that the runbook quotes', () => {
  const COMMANDS = /^(airflow|aws|dag|errors|fn|get|logs|npm|npx|output|pause|range) /;
  /** Lambda's own. */
  const ELSEWHERE = ['Task timed out'];
  const quoted = inlineOf(RUNBOOK).filter(
    (code) => /^(?:[A-Z]?[a-z]+)(?: [\w()'<>…]+)+$/.test(code) && !COMMANDS.test(code) && !ELSEWHERE.includes(code),
  );
  const sources = ['lambda', 'lib']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
    )
    .filter((file) => file.endsWith('.ts'))
    .concat('node_modules/cassandra-driver/lib/errors.js')
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');

  test('are found in the runbook', () => {
    expect(quoted).toEqual(
      expect.arrayContaining(['offsets are missing in the log', 'kafka did not acknowledge records']),
    );
  });

  test.each([...new Set(quoted)])('are in the code: %s', (message) => {
    const literal = message.replace(/ …$/, '').replace(/[()]/g, '\\$&');
    expect(sources).toMatch(new RegExp(literal.replace(/<\w+>/g, '\\$\\{[^}]+\\}')));
  });
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
  const calls = `aws() { printf '%s\\n' "$@"; }\n${SHELL.replace('LAKE=$(output storage LakeBucket)', '')}
    range 2026-11-22T00-00 2026-11-22T05-00; pause true`;
  const lines = execFileSync('bash', ['-euc', calls], { encoding: 'utf8' }).split('\n');
  const bodies = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as unknown);
  expect(bodies).toEqual([
    { logical_date: null, conf: { from: '2026-11-22T00-00', to: '2026-11-22T05-00' } },
    { is_paused: true },
  ]);
});

/** The README: its parts are in order, its commands parse, and what it sends is accepted. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { split } from 'shlex';
import openapi from '../../../docs/schemas/openapi.json';
import { scripts } from '../../../package.json';
import { makeHandler } from '../../../lambda/ingest/handler';
import { deploymentConfig } from '../../../lib/config';
import { ROOT } from '../../../tools/kit/root';
import { matchRoute } from '../../../tools/local/aws/http-event';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const sectionOf = (title: string) => README.split(/^## /m).find((part) => part.startsWith(`${title}\n`))!;

/** The lines of fenced blocks that begin with a command, without comments. */
const COMMANDS = [...README.matchAll(/^```(?:sh)?\n([\s\S]*?)^```/gm)]
  .flatMap(([, block]) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, ''))
  .filter((line) => /^(aws|curl|docker|eval|export|npm|npx|output|signed)\b/.test(line));

test('its readers come in this order: what it is, try it, deploy it, carry on', () => {
  const titles = [...README.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  expect(titles).toEqual([
    'What is proven, and where',
    'Try it',
    'Send and query',
    'Deploy it',
    'Troubleshooting',
    'Questions',
    'Carry on',
  ]);
});

test('says in its first part that no account has run it, and the proofs have no report', () => {
  expect(README.slice(0, README.indexOf('## Try it'))).toContain('No real account has run this project yet');
  const proofs = execFileSync('git', ['ls-files', 'docs/proofs'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  // With the first report, that sentence has to go.
  expect(proofs.filter((file) => /\d{4}-\d\d-\d\d-\w+\.md$/.test(file))).toEqual([]);
});

test('its commands are shell, and its scripts exist', () => {
  expect(COMMANDS.length).toBeGreaterThan(20);
  execFileSync('bash', ['-n'], { input: COMMANDS.join('\n') });
  const named = COMMANDS.flatMap((line) => [...line.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test('its deployment goes from credentials and bootstrap to a signed request, with values that the configuration accepts', () => {
  const lines = sectionOf('Deploy it').split('\n');
  const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
  const order = [
    'aws configure',
    'npx cdk bootstrap',
    'npm run preflight',
    'npx cdk deploy',
    'export INGEST',
    'signed -X POST',
  ];
  const found = order.map(at);
  expect(found).toEqual([...found].sort((a, b) => a - b));
  expect(Math.min(...found)).toBeGreaterThan(0);
  const set = COMMANDS.map((line) => [...line.matchAll(/-c (\w+)=(\S+)/g)].map(([, key, value]) => [key, value]));
  const configurations = set.filter((pairs) => pairs.length > 0).map((pairs) => Object.fromEntries(pairs) as object);
  expect(configurations.length).toBeGreaterThan(2);
  for (const each of configurations) expect(() => deploymentConfig({ ...each })).not.toThrow();
});

describe('its requests', () => {
  const requests = COMMANDS.filter((line) => /^(curl|signed) /.test(line)).map((line) => {
    const words = split(line.replaceAll(/\$(INGEST|QUERY)/g, 'https://x'));
    const after = (option: string) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined);
    const url = new URL(words.find((word) => word.startsWith('https://'))!);
    return { method: after('-X') ?? 'GET', url, body: after('-d') };
  });
  const paths = openapi.paths as Readonly<
    Record<string, Readonly<Record<string, { parameters?: { name: string }[] }>>>
  >;
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => {
      return { routeKey: `${method.toUpperCase()} ${path}`, functionName: path, timeoutMs: 0, iam: false };
    }),
  );

  test.each(requests.map((each) => [each.method, each.url.href, each] as const))(
    '%s %s is of a route',
    (_m, _u, each) => {
      const match = matchRoute(routes, each.method, each.url.pathname);
      expect(match).toBeDefined();
      const known =
        paths[match!.route.functionName][each.method.toLowerCase()].parameters?.map(({ name }) => name) ?? [];
      expect([...each.url.searchParams.keys()].filter((name) => !known.includes(name))).toEqual([]);
    },
  );

  test('to ingest are accepted, and none goes to quarantine', async () => {
    const handler = makeHandler({
      send: async (records) => records.map((_, offset) => ({ ok: true, partition: 0, offset, logAppendTime: 1 })),
      report: () => undefined,
      now: () => 0,
    });
    const sent = requests.filter(({ method }) => method === 'POST');
    expect(sent.length).toBeGreaterThan(1);
    for (const { method, url, body } of sent) {
      const event = { rawPath: url.pathname, body, requestContext: { http: { method } } };
      const { statusCode, body: answer } = await handler(event);
      expect([statusCode, answer.includes('quarantine')]).toEqual([202, false]);
    }
  });
});

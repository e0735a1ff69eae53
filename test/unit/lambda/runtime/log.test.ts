/** Each line tells which invocation wrote it, under Powertools' names, and the saved queries return that. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { invoked, log } from '../../../../lambda/runtime/log';
import { report } from '../../../../lambda/runtime/metrics';
import { QUERIES } from '../../../../lib/constructs/log-queries';
import { ROOT } from '../../../../tools/kit/root';

const ENVIRONMENT = {
  METRIC_NAMESPACE: 'PinterestPipeline/test-dev',
  METRICS: 'all',
  _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
};
beforeAll(() => void Object.assign(process.env, ENVIRONMENT));
afterAll(() => Object.keys(ENVIRONMENT).forEach((name) => void delete process.env[name]));

async function linesOf(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    await work();
  } finally {
    spy.mockRestore();
  }
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const contextOf = (awsRequestId: string) => ({ awsRequestId, getRemainingTimeInMillis: () => 1_000 });

const handler = invoked(() => async (pause: number) => {
  log.warn('records quarantined', { topic: 'posts', partition: 1, offset: 2 });
  await new Promise((resolve) => setTimeout(resolve, pause));
  log.error('failed', new Error('no'));
  report('ingest', { received: 1, written: 1, duration: 3, batchBytes: 9, retries: 0 } as never);
});

let lines: Record<string, unknown>[];
beforeAll(async () => {
  lines = await linesOf(() => Promise.all([handler(20, contextOf('first')), handler(0, contextOf('second'))]));
});

test('each line has its own invocation, also of invocations that overlap', () => {
  expect(lines.map(({ function_request_id: id, cold_start: cold }) => [id, cold])).toEqual([
    ['first', true],
    ['second', false],
    ['second', false],
    ['second', false],
    ['first', true],
    ['first', true],
  ]);
  expect(new Set(lines.map((line) => line.xray_trace_id))).toEqual(new Set(['1-5759e988-bd862e3fe1be46a994272793']));
});

test.each(['errors', 'slowest'])(
  'the saved query %s selects what tells of the invocation, and lines have it',
  (name) => {
    const selected = QUERIES.find((each) => each.name === name)!.query.fields;
    const fields = selected.filter((field) => !field.startsWith('@'));
    expect(fields).toEqual(expect.arrayContaining(['function_request_id', 'xray_trace_id', 'cold_start']));
    const written = new Set(
      lines.flatMap((line) => [...Object.keys(line), ...Object.keys(line.error ?? {}).map((key) => `error.${key}`)]),
    );
    expect(fields.filter((field) => !written.has(field))).toEqual([]);
  },
);

test('every handler is wrapped', () => {
  const handlers = globSync('lambda/**/handler.ts', { cwd: ROOT });
  expect(handlers.length).toBeGreaterThan(10);
  const other = handlers.filter(
    (file) => !/^export const handler = invoked\(/m.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(other).toEqual([]);
});

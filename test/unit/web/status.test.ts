import { type StatusResponse } from '../../../lambda/query/api';
import { EDGES, NODES, nodeText } from '../../../web/nodes';
import { liveChart, newest, ratePerMinute, vitalsOf } from '../../../web/status';

const series = (name: string, unit: string, ...values: (number | null)[]) => ({
  name,
  unit,
  statistic: unit === 'Milliseconds' ? ('Maximum' as const) : ('Sum' as const),
  values,
});

const status: StatusResponse = {
  stage: 'dev',
  now: '2026-11-22T21:07:30.000Z',
  intervalMinutes: 1,
  bucketMinutes: 1,
  boundary: {
    interval: '2026-11-22T21:05:00.000Z',
    firstInterval: '2026-11-22T20:00:00.000Z',
    publishedAt: '2026-11-22T21:07:00.000Z',
    reconciledInterval: '2026-11-22T21:05:00.000Z',
    drift: 0,
    ageMs: 90_000,
    bucket: '2026-11-22T21:05:00.000Z',
    firstBucket: '2026-11-22T20:00:00.000Z',
    reconciledBucket: '2026-11-22T21:05:00.000Z',
  },
  boundaryDueMs: 360_000,
  asOf: '2026-11-22T21:07:28.000Z',
  window: { from: '2026-11-22T21:05:00.000Z', to: '2026-11-22T21:08:00.000Z', periodSeconds: 60 },
  steps: [
    {
      step: 'ingest',
      metrics: [series('received', 'Count', null, 60, 30), series('rejected', 'Count', null, 2, null)],
    },
    { step: 'archive', metrics: [series('received', 'Count', null, 60, 20), series('lag', 'Count', null, 4, 10)] },
    {
      step: 'aggregate',
      metrics: [
        series('received', 'Count', null, 60, 30),
        series('freshness', 'Milliseconds', null, 700, 640),
        series('lag', 'Count', null, 0, 0),
      ],
    },
  ],
};

const vital = (of: StatusResponse, name: string, posts?: number) =>
  vitalsOf(of, posts).find((each) => each.name === name);
const withBoundary = (boundary: Partial<StatusResponse['boundary']>): StatusResponse => ({
  ...status,
  boundary: { ...status.boundary, ...boundary },
});

describe('the state', () => {
  test('is right while the layers agree and the boundary moves', () => {
    expect(vital(status, 'Answers')).toMatchObject({ value: 'right', note: 'as of 21:07:28 UTC', mood: 'good' });
    expect(vital(status, 'Boundary')).toMatchObject({ value: '90 s', mood: 'good' });
    expect(vital(status, 'Drift')).toMatchObject({ value: '0', note: 'interval 21:05 compared', mood: 'good' });
  });

  test('may be wrong as soon as the layers differ, even if it is late', () => {
    const drifting = withBoundary({ drift: -3, ageMs: 400_000 });
    expect(vital(drifting, 'Answers')).toMatchObject({ value: 'may be wrong', mood: 'wrong' });
    expect(vital(drifting, 'Drift')).toMatchObject({ value: '-3', mood: 'wrong' });
  });

  test('is late after the time that publishing may take, and not at it', () => {
    expect(vital(withBoundary({ ageMs: 360_000 }), 'Answers')?.mood).toBe('good');
    expect(vital(withBoundary({ ageMs: 360_001 }), 'Answers')).toMatchObject({
      value: 'right, but late',
      mood: 'late',
    });
  });

  test('states that there are no posts yet', () => {
    const none = { interval: null, ageMs: null, drift: null, reconciledInterval: null };
    const empty = { ...withBoundary(none), asOf: null };
    expect(vital(empty, 'Answers')).toMatchObject({ value: 'none yet', mood: 'none' });
    expect(vital(empty, 'Boundary')).toMatchObject({ value: '–', note: 'nothing published yet', mood: 'none' });
  });

  test('is unchecked before the layers have been compared', () => {
    const fresh = withBoundary({ drift: null, reconciledInterval: null });
    expect(vital(fresh, 'Answers')).toMatchObject({ value: 'unchecked', mood: 'none' });
  });

  test('counts posts, the rate of two minutes, the newest freshness, and the lag of the slower reader', () => {
    // 90 records in a minute and a half.
    expect(vital(status, 'Posts', 1234)).toMatchObject({ value: '1,234', note: '60 records a minute now' });
    expect(vital(status, 'Freshness')?.value).toBe('640 ms');
    expect(vital(status, 'Lag')?.value).toBe('10');
  });

  test('without metrics is shown as far as the store knows it', () => {
    const blind = { ...status, steps: null };
    expect(vital(blind, 'Answers')?.value).toBe('right');
    expect(vital(blind, 'Posts', 5)).toMatchObject({ value: '5', note: 'metrics are not available' });
    expect([vital(blind, 'Freshness')?.value, vital(blind, 'Lag')?.value]).toEqual(['–', '–']);
  });
});

test('a rate covers the elapsed part of the last two periods', () => {
  expect(ratePerMinute([500, 60, 0], 0, 60)).toBe(60);
  expect(ratePerMinute([500, 60, 60], 1, 60)).toBe(60);
  expect(ratePerMinute([null, null], 0.5, 60)).toBe(0);
});

test('the newest value skips periods without one', () => {
  expect([newest([1, 2, null]), newest([null]), newest([])]).toEqual([2, null, null]);
});

describe('live curves', () => {
  test('omit the current minute', () => {
    const steps = [['ingest', 'received'] as const, ['archive', 'received'] as const];
    expect(liveChart(status, steps, 'records')).toEqual({
      kind: 'lines',
      labels: ['21:05', '21:06'],
      series: [
        { name: 'ingest', values: [null, 60] },
        { name: 'archive', values: [null, 60] },
      ],
      unit: 'records',
      leftOut: 0,
    });
  });

  test('are absent without metrics', () => {
    expect(liveChart({ ...status, steps: null }, [['ingest', 'received']], 'records')).toBeUndefined();
  });
});

describe('the diagram', () => {
  test('joins nodes that exist, and leaves no node unconnected', () => {
    const ids = NODES.map(({ id }) => id);
    const joined = EDGES.flatMap(([from, to, , by]) => [from, to, by]);
    expect(joined.filter((id) => !ids.includes(id))).toEqual([]);
    expect(ids.filter((id) => !joined.includes(id))).toEqual([]);
  });

  test('shows for each node what it did', () => {
    expect(nodeText('ingest', status)).toMatchObject({ main: '90', unit: 'records', note: '60 a minute', live: true });
    expect(nodeText('topic', status)).toMatchObject({ main: '10', unit: 'lag' });
    expect(nodeText('batch-store', status)).toMatchObject({ main: '21:05', note: '90 s old' });
    expect(nodeText('speed-store', status)).toMatchObject({ main: '21:07:28' });
    expect(nodeText('compact', status)).toMatchObject({ main: '0', live: false });
  });

  test('marks what an operator should look at, and nothing else', () => {
    const alerts = (of: StatusResponse) =>
      NODES.flatMap(({ id }) => {
        const { alert } = nodeText(id, of);
        return alert === undefined ? [] : [`${id}: ${alert}`];
      });
    expect(alerts(status)).toEqual([]);
    const dropping = [{ step: 'archive', metrics: [series('dropped', 'Count', 0, 1, null)] }];
    expect(alerts({ ...withBoundary({ drift: 2, ageMs: 400_000 }), steps: dropping })).toEqual([
      'archive: 1 dropped',
      'batch-store: late',
      'reconcile: layers differ',
    ]);
  });

  test('shows every node as unknown while metrics are not available', () => {
    for (const { id } of NODES) expect(nodeText(id, { ...status, steps: null }).live).toBe(false);
    expect(nodeText('ingest', { ...status, steps: null })).toMatchObject({ main: '–', note: 'unknown' });
  });

  test('rejects an unknown node', () => {
    expect(() => nodeText('elsewhere', status)).toThrow(/^node must be one of ingest, .*, query, got 'elsewhere'$/);
  });
});

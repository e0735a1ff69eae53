import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import fc from 'fast-check';
import { findProgram, mountPointOf } from '../../../../../tools/engines';
import { localJobs } from '../../../../../tools/local/run/monitoring';
import { unfiltered } from '../../../../support/prometheus-queries';
import { DATA_MOUNT } from '../../../../../observability/prometheus/scrape';

describe('an expression without its filter', () => {
  test.each([
    ['a > 0', 'a > bool 0'],
    ['a >= 0.5 and b != 1', 'a >= bool 0.5 and b != bool 1'],
    ['a ==bool 1', 'a == bool 1'],
    ['up{job="a>b", name=~"x|y"} == 0', 'up{job="a>b", name=~"x|y"} == bool 0'],
    ['up{job="}>"} < 1', 'up{job="}>"} < bool 1'],
    ['label_replace(a, "x", "> 1", "y", "(.*)") > 1', 'label_replace(a, "x", "> 1", "y", "(.*)") > bool 1'],
    ['a > on (x) group_left () b', 'a > bool on (x) group_left () b'],
    ['sum by (x) (rate(a[5m]))', 'sum by (x) (rate(a[5m]))'],
  ])('%s', (expression, expected) => {
    expect(unfiltered(expression)).toBe(expected);
  });

  test('is the same when applied twice', () => {
    const parts = fc.constantFrom('a', ' > ', ' == ', ' != ', ' <= ', '1', '{x="> 1"}', ' bool ', '"<"', ' + ');
    fc.assert(
      fc.property(fc.array(parts), (tokens) => {
        const once = unfiltered(tokens.join(''));
        expect(unfiltered(once)).toBe(once);
      }),
    );
  });
});

describe('the jobs of a local run', () => {
  const [jmx, node, cassandra, functions] = localJobs(
    { kafka: { exporter: '127.0.0.1:1' }, cassandra: { exporter: '127.0.0.1:2' }, functions: '127.0.0.1:3' },
    '127.0.0.1:4',
    '/mnt/a.b',
  );

  test('read the broker, the machine, the store and the functions', () => {
    expect(
      [jmx, node, cassandra, functions].map(({ job_name: name, static_configs: configs }) => [name, configs]),
    ).toEqual([
      ['jmx', [{ targets: ['127.0.0.1:1'], labels: { broker: 'b-1' } }]],
      ['node', [{ targets: ['127.0.0.1:4'], labels: { broker: 'b-1' } }]],
      ['cassandra', [{ targets: ['127.0.0.1:2'], labels: {} }]],
      ['functions', [{ targets: ['127.0.0.1:3'], labels: {} }]],
    ]);
  });

  test('give the file system with the data the name it has on a broker', () => {
    const [first] = node.metric_relabel_configs!;
    expect(first).toMatchObject({ target_label: 'mountpoint', replacement: DATA_MOUNT });
    expect(new RegExp(`^(?:${first.regex})$`).test('/mnt/a.b')).toBe(true);
    expect(new RegExp(`^(?:${first.regex})$`).test('/mnt/axb')).toBe(false);
  });

  test('exist only for running exporters', () => {
    expect(localJobs({ kafka: {}, cassandra: {} }, undefined, '/')).toEqual([]);
  });
});

describe('finding things on this machine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'path-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('a program is the first executable of that name on the PATH', () => {
    writeFileSync(join(dir, 'runs'), '');
    chmodSync(join(dir, 'runs'), 0o755);
    expect(findProgram('runs', ['', '/nowhere', dir].join(delimiter))).toBe(join(dir, 'runs'));
    expect(findProgram('missing', dir)).toBeUndefined();
  });

  test('the mount point of a folder is the folder or one above it', () => {
    const mount = mountPointOf(dir);
    expect(dir.startsWith(mount)).toBe(true);
    expect(mountPointOf(mount)).toBe(mount);
  });
});

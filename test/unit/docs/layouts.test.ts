import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../../observability/grafana';
import { cloudwatchLayout } from '../../../tools/docgen/layouts/cloudwatch';
import { FOLDER, layoutFiles, layoutsOf, STAGE } from '../../../tools/docgen/layouts/generate';
import { grafanaLayout } from '../../../tools/docgen/layouts/grafana';
import { COLUMNS, type Layout } from '../../../tools/docgen/layouts/panel';
import { layoutSvg } from '../../../tools/docgen/layouts/svg';
import { type CloudAssembly } from '../../../tools/assembly/cloud-assembly';
import { synthesized } from '../../support/synth';

let assembly: CloudAssembly;
beforeAll(() => {
  assembly = synthesized({ stage: STAGE });
});

test('docs/dashboards are what templates and boards say now; if not, run npm run drawing', () => {
  const committed = readdirSync(FOLDER).map((name): [string, string] => [
    name,
    readFileSync(join(FOLDER, name), 'utf8'),
  ]);
  expect(new Map(committed.sort())).toEqual(new Map([...layoutFiles(assembly)].sort()));
});

describe('the dashboards', () => {
  let layouts: Layout[];
  beforeAll(() => {
    layouts = layoutsOf(assembly);
  });

  test('are those of CloudWatch and the boards of Grafana, each under a name of its own', () => {
    const names = layouts.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.startsWith('grafana-'))).toHaveLength(contentOf('x', {}).dashboards.length);
    expect(names).toEqual(expect.arrayContaining(['cloudwatch-overview', 'cloudwatch-canary', 'grafana-overview']));
  });

  test('have no panel that overlaps another or leaves the grid', () => {
    for (const { name, panels } of layouts) {
      const cells = panels.flatMap(({ x, y, width, height }) =>
        Array.from({ length: width * height }, (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`),
      );
      expect([name, new Set(cells).size]).toEqual([name, cells.length]);
      expect([name, panels.filter(({ x, width }) => x < 0 || x + width > COLUMNS)]).toEqual([name, []]);
    }
  });
});

describe('a picture', () => {
  const place = { x: 0, y: 0, width: 12, height: 6 };

  test('of CloudWatch names series by their labels, alarms by their names, and leaves addresses out', () => {
    const widgets = [
      {
        type: 'metric',
        ...place,
        properties: {
          title: 'Time',
          metrics: [
            ['N', 'duration', 'step', 'seal', { label: 'p50' }],
            ['N', 'bytes'],
          ],
        },
      },
      {
        type: 'alarm',
        ...place,
        properties: { title: 'Alarms', alarms: ['arn:aws:cloudwatch:r:1:alarm:p-local-drift'] },
      },
      { type: 'text', ...place, properties: { markdown: '**overview** · [seal](https://example.org)' } },
    ];
    const { name, panels } = cloudwatchLayout({ path: 'a/B', name: 'p-local-seal', body: JSON.stringify({ widgets }) });
    expect(name).toBe('cloudwatch-seal');
    expect(panels.map(({ title, lines }) => [title, lines])).toEqual([
      ['Time', ['p50', 'bytes']],
      ['Alarms', ['p-local-drift']],
      ['overview · seal', []],
    ]);
  });

  test('of Grafana says what a panel shows, and not where its article is', () => {
    const gridPos = { x: 12, y: 1, w: 12, h: 6 };
    const description = 'Sum of the differences. What to do: docs/runbook.md#drift.';
    const panels = [{ type: 'stat', title: 'Drift', gridPos, description, targets: [{ refId: 'A', label: 'drift' }] }];
    expect(grafanaLayout({ uid: 'pipeline-quality', title: 'Quality', panels })).toEqual({
      name: 'grafana-quality',
      title: 'Grafana: Quality',
      panels: [
        { x: 12, y: 1, width: 12, height: 6, title: 'Drift', shown: 'number', lines: ['Sum of the differences.'] },
      ],
    });
  });

  test('is cut where a text is longer than its panel, and escaped', () => {
    const panel = { ...place, width: 2, height: 3, title: 'A <very> long title', shown: 'chart' };
    const picture = layoutSvg({ name: 'x', title: 'a & b', panels: [{ ...panel, lines: ['one', 'two', 'three'] }] });
    expect(picture).toContain('<title id="name">a &amp; b</title>');
    expect(picture).toContain('A &lt;very&gt;');
    expect(picture).not.toContain('long title');
    expect(picture).not.toContain('three');
  });
});

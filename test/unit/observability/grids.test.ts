import { contentOf } from '../../../observability/grafana';
import { planOf } from '../../../tools/assembly/read-plan';
import { synthesized } from '../../support/synth';

/** Both CloudWatch and Grafana have a grid of 24 columns. */
const COLUMNS = 24;

interface Panel {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Grid {
  readonly name: string;
  readonly panels: readonly Panel[];
}

const widgetsOf = (body: string) => (JSON.parse(body) as { readonly widgets: readonly Panel[] }).widgets;

interface Board {
  readonly uid: string;
  readonly panels: readonly { readonly gridPos: { x: number; y: number; w: number; h: number } }[];
}

let grids: readonly Grid[];
beforeAll(() => {
  const { dashboards } = planOf(synthesized({ stage: 'local' }));
  const boards = contentOf('Pinterest pipeline', {}).dashboards as unknown as readonly Board[];
  grids = [
    ...dashboards.map(({ name, body }) => ({ name, panels: widgetsOf(body) })),
    ...boards.map(({ uid, panels }) => ({
      name: uid,
      panels: panels.map(({ gridPos: { x, y, w, h } }) => ({ x, y, width: w, height: h })),
    })),
  ];
});

test('every dashboard has a unique name, and panels', () => {
  const names = grids.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining(['pinterest-local-overview', 'pinterest-local-canary', 'pipeline-overview']),
  );
  expect(grids.filter(({ panels }) => panels.length === 0)).toEqual([]);
});

test('no panel overlaps another or leaves the grid', () => {
  for (const { name, panels } of grids) {
    const cells = panels.flatMap(({ x, y, width, height }) =>
      Array.from({ length: width * height }, (_, i) => `${x + (i % width)},${y + Math.floor(i / width)}`),
    );
    expect([name, new Set(cells).size]).toEqual([name, cells.length]);
    expect([name, panels.filter(({ x, width }) => x < 0 || x + width > COLUMNS)]).toEqual([name, []]);
  }
});

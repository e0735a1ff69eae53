import { STAGE } from '../../../tools/docgen/diagram';
import { mergeStores } from '../../../tools/docgen/diagram/merge';
import { type Diagram, modelOf } from '../../../tools/docgen/diagram/model';
import { type Area, place, type PlacedBox } from '../../../tools/docgen/diagram/layout';
import { overviewOf, overviewSvg, WIDTH } from '../../../tools/docgen/diagram/overview';
import { svg } from '../../../tools/docgen/diagram/svg';
import { type Stack } from '../../../tools/assembly/cloud-assembly';
import { synthesized } from '../../support/synth';

let stacks: readonly Stack[];
beforeAll(() => {
  stacks = synthesized({ stage: STAGE }).stacks;
});

/** Arrows as a reader sees them: by the titles of their boxes. */
function titled({ boxes, arrows }: Diagram): string[] {
  const title = (id: string) => boxes.find((box) => box.id === id)!.title;
  return arrows.map(({ from, to, kind }) => `${title(from)} ${kind === 'data' ? '→' : '⇢'} ${title(to)}`).sort();
}

/** The templates without the resources that the predicate finds. */
const without = (drop: (id: string, type: string) => boolean): Stack[] =>
  stacks.map(({ name, template }) => ({
    name,
    template: {
      ...template,
      Resources: Object.fromEntries(
        Object.entries(template.Resources ?? {}).filter(([id, { Type }]) => !drop(id, Type)),
      ),
    },
  }));

describe('the model follows the templates', () => {
  test('with the paths of the data and what starts each step', () => {
    const arrows = titled(modelOf(stacks));
    expect(arrows).toEqual(
      expect.arrayContaining([
        'clients → HTTP API: ingest',
        'HTTP API: ingest → ingest λ',
        'ingest λ → Kafka topic posts',
        'Kafka topic posts → archive λ',
        'Kafka topic posts → aggregate λ',
        'archive λ → S3 raw/',
        'S3 raw/ → compact λ',
        'S3 posts/ → Spark',
        'S3 views/ → publish λ',
        'publish λ → Keyspaces batch_views',
        'Keyspaces batch_views → query λ',
        'query λ → HTTP API: query',
        'HTTP API: query → readers',
        'Airflow ⇢ compact λ',
        'Airflow ⇢ Spark',
      ]),
    );
    expect(new Set(arrows).size).toBe(arrows.length);
  });

  test('so that a step without rights has no arrows, and a store without arrows is left out', () => {
    const model = modelOf(without((id, type) => type === 'AWS::IAM::Policy' && id.startsWith('StepsCompact')));
    expect(titled(model).filter((arrow) => arrow.includes('compact λ'))).toEqual(['Airflow ⇢ compact λ']);
    expect(model.boxes.map(({ title }) => title)).not.toContain('S3 dedup-index/');
  });

  test('so that the arrow of an event source disappears with it, unless the right still exists', () => {
    const model = modelOf(
      without((id, type) => type === 'AWS::Lambda::EventSourceMapping' || /^StepsArchiveRoleDefaultPolicy/.test(id)),
    );
    expect(titled(model)).not.toContain('Kafka topic posts → archive λ');
    expect(titled(model)).toContain('Kafka topic posts → aggregate λ');
  });

  test('and a function that only serves CloudFormation is not a step', () => {
    const steps = modelOf(stacks).boxes.filter(({ kind }) => kind === 'function');
    expect(steps.map(({ title }) => title).filter((title) => /custom/i.test(title))).toEqual([]);
    expect(steps.length).toBeGreaterThanOrEqual(8);
  });
});

test('stores that the same steps use are one box, others are not', () => {
  const box = (id: string, kind: 'function' | 'bucket') => ({ id, kind, title: id, lines: [] });
  const data = (from: string, to: string) => ({ from, to, kind: 'data' as const });
  const merged = mergeStores({
    boxes: [box('f', 'function'), box('g', 'function'), box('a', 'bucket'), box('b', 'bucket'), box('c', 'bucket')],
    arrows: [data('f', 'a'), data('f', 'b'), data('f', 'c'), data('c', 'g')],
  });
  expect(merged.boxes.map(({ id, lines }) => [id, lines])).toEqual([
    ['f', []],
    ['g', []],
    ['a', ['b']],
    ['c', []],
  ]);
  expect(merged.arrows).toEqual([data('f', 'a'), data('f', 'c'), data('c', 'g')]);
});

describe('the diagram', () => {
  test('shows the steps of an interval from top to bottom in the order in which Airflow runs them', () => {
    const { boxes } = place(mergeStores(modelOf(stacks)));
    const steps = ['seal λ', 'compact λ', 'Spark', 'publish λ', 'reconcile λ'];
    const down = [...boxes].sort((a, b) => a.y - b.y).map(({ title }) => title);
    expect(down.filter((title) => steps.includes(title))).toEqual(steps);
  });

  test('has no overlapping boxes', () => {
    const { boxes } = place(mergeStores(modelOf(stacks)));
    const overlapping = boxes.flatMap((a, i) =>
      boxes
        .slice(i + 1)
        .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
        .map((b) => [a.title, b.title]),
    );
    expect(overlapping).toEqual([]);
  });

  test('has every step in one lane, and the border of the VPC around exactly the boxes with an interface in it', () => {
    const { boxes, lanes, vpc } = place(mergeStores(modelOf(stacks)));
    const inside = (area: Area) => (box: PlacedBox) =>
      box.x >= area.x &&
      box.x + box.width <= area.x + area.width &&
      box.y >= area.y &&
      box.y + box.height <= area.y + area.height;
    expect(boxes.filter((box) => lanes.filter((lane) => inside(lane)(box)).length !== 1)).toEqual([]);
    const titles = boxes.filter(inside(vpc)).map(({ title }) => title);
    expect(titles).toEqual(boxes.filter((box) => box.inVpc).map(({ title }) => title));
    expect(titles).toEqual(expect.arrayContaining(['Kafka topic posts', 'ingest λ', 'Spark', 'Airflow']));
    expect(titles).not.toContain('canary λ');
  });

  test('rejects a step that has no lane', () => {
    const step = { id: '1', kind: 'function' as const, title: 'new λ', lines: [], inVpc: true as const };
    expect(() => place({ boxes: [step], arrows: [] })).toThrow("'new λ' has no lane in tools/docgen/diagram/layout.ts");
  });

  test('escapes special characters of XML', () => {
    const lines = ['a < b & c'];
    const step = { id: '1', kind: 'function' as const, title: 'query λ', lines, inVpc: true as const };
    expect(svg(place({ boxes: [step], arrows: [] }))).toContain('>a &lt; b &amp; c</text>');
  });
});

describe('the overview', () => {
  test('has at most twelve boxes in two lanes, and no text below 13 px at its width', () => {
    const overview = overviewOf(modelOf(stacks));
    expect(overview.groups.length).toBeLessThanOrEqual(12);
    const lanes = new Set(overview.groups.map(({ lane }) => lane).filter((lane) => lane !== 'shared'));
    expect([...lanes].sort()).toEqual(['batch', 'speed']);
    const sizes = [...overviewSvg(overview).matchAll(/font-size:([\d.]+)px/g)].map(([, size]) => Number(size));
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(13);
    expect(WIDTH).toBe(846);
  });

  test('has the path of a post through both layers, by the arrows of the model', () => {
    const { arrows } = overviewOf(modelOf(stacks));
    const titles = arrows.map(({ from, to, both, kind }) =>
      [from.title, both ? '↔' : kind === 'data' ? '→' : '⇢', to.title].join(' '),
    );
    expect(titles.sort()).toEqual([
      'Airflow ⇢ Spark',
      'Airflow ⇢ publish',
      'Airflow ⇢ seal, compact',
      'Kafka → aggregate',
      'Kafka → archive',
      'Spark ↔ S3 lake',
      'aggregate → speed log, runs',
      'archive → S3 lake',
      'batch views → query',
      'ingest → Kafka',
      'publish → batch views',
      'publish ↔ S3 lake',
      'seal, compact ↔ S3 lake',
      'speed log, runs → query',
    ]);
  });

  test('rejects a box without a group and a group without a box', () => {
    const model = modelOf(stacks);
    const step = { id: 'x', kind: 'function' as const, title: 'new λ', lines: [] };
    expect(() => overviewOf({ ...model, boxes: [...model.boxes, step] })).toThrow("'new λ' has no group in tools/");
    const boxes = model.boxes.filter(({ kind }) => kind !== 'spark');
    expect(() => overviewOf({ ...model, boxes })).toThrow("the templates have nothing of group 'Spark'");
  });
});

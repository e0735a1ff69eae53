import { backwards } from '../../../tools/docgen/diagram/backwards';
import { STAGE } from '../../../tools/docgen/diagram';
import { mergeStores } from '../../../tools/docgen/diagram/merge';
import { type Diagram, modelOf } from '../../../tools/docgen/diagram/model';
import { place } from '../../../tools/docgen/diagram/layout';
import { svg } from '../../../tools/docgen/diagram/svg';
import { type Stack } from '../../../tools/assembly/cloud-assembly';
import { synthesized } from '../../support/synth';

let stacks: readonly Stack[];
beforeAll(() => {
  stacks = synthesized({ stage: STAGE }).stacks;
});

/** Arrows by titles, which is what one sees. */
function seen({ boxes, arrows }: Diagram): string[] {
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
  test('with the ways of the data and who starts what', () => {
    const arrows = seen(modelOf(stacks));
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

  test('so that what loses its rights loses its arrows, and a step without any is not drawn', () => {
    const drawing = modelOf(without((id, type) => type === 'AWS::IAM::Policy' && id.startsWith('StepsCompact')));
    expect(seen(drawing).filter((arrow) => arrow.includes('compact λ'))).toEqual(['Airflow ⇢ compact λ']);
    expect(drawing.boxes.map(({ title }) => title)).not.toContain('S3 dedup-index/');
  });

  test('so that an event source that is gone takes its arrow along, unless the right is still there', () => {
    const drawing = modelOf(
      without((id, type) => type === 'AWS::Lambda::EventSourceMapping' || /^StepsArchiveRoleDefaultPolicy/.test(id)),
    );
    expect(seen(drawing)).not.toContain('Kafka topic posts → archive λ');
    expect(seen(drawing)).toContain('Kafka topic posts → aggregate λ');
  });

  test('and no function that only serves CloudFormation is a step', () => {
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

describe('what goes back', () => {
  const data = (from: string, to: string) => ({ from, to, kind: 'data' as const });

  test('is as little as can be, so that all else goes down', () => {
    // Two circles with one arrow in common, which is neither the first nor the last.
    const arrows = [data('f', 'g'), data('g', 's3:a'), data('s3:a', 'f'), data('g', 'h'), data('h', 's3:a')];
    expect([...backwards(arrows)]).toEqual([data('s3:a', 'f')]);
    expect([...backwards([...arrows, data('h', 's3:b'), data('s3:b', 'h')])]).toHaveLength(2);
  });

  test('is what a step reads, rather than what it writes', () => {
    const circle = [data('f', 's3:a'), data('s3:a', 'g'), data('g', 's3:b'), data('s3:b', 'f')];
    expect([...backwards(circle)].every(({ from }) => from.startsWith('s3:'))).toBe(true);
  });

  test('is nothing where no way leads back', () => {
    expect(backwards([data('a', 'b'), data('b', 'c'), data('a', 'c')]).size).toBe(0);
  });
});

describe('the picture', () => {
  test('has the steps of an interval below each other in the order in which Airflow runs them', () => {
    const { boxes } = place(mergeStores(modelOf(stacks)));
    const steps = ['seal λ', 'compact λ', 'Spark', 'publish λ', 'reconcile λ'];
    const down = [...boxes].sort((a, b) => a.y - b.y).map(({ title }) => title);
    expect(down.filter((title) => steps.includes(title))).toEqual(steps);
  });

  test('has no boxes over each other', () => {
    const { boxes } = place(mergeStores(modelOf(stacks)));
    const overlapping = boxes.flatMap((a, i) =>
      boxes
        .slice(i + 1)
        .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
        .map((b) => [a.title, b.title]),
    );
    expect(overlapping).toEqual([]);
  });

  test('escapes what means something in XML', () => {
    const title = 'a < b & c';
    const boxes = [
      { id: '1', kind: 'api' as const, title, lines: [] },
      { id: '2', kind: 'api' as const, title: 'other', lines: [] },
    ];
    expect(svg(place({ boxes, arrows: [{ from: '1', to: '2', kind: 'data' }] }))).toContain('>a &lt; b &amp; c</text>');
  });
});

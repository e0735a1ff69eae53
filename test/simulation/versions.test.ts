/** What versions promise of their views, and what operators may do. */
import { Topic } from '../../tools/simulate/models/kafka';
import { MemoryDisk } from '../../tools/simulate/models/disk';
import { Bucket } from '../../tools/simulate/models/s3';
import { Network, Process } from '../../tools/simulate/process';
import { ALL_VIEWS, BASE_VIEWS, Versions } from '../../tools/simulate/versions';
import { World } from '../../tools/simulate/world';

const first = { views: BASE_VIEWS, horizon: 8, intervalMinutes: 60, strict: false };
const named = (name: string) => ALL_VIEWS.filter((view) => view.name === name);

describe('a view', () => {
  test('that is in every version is always whole', () => {
    const versions = new Versions(first);
    versions.begin('view', false, []);
    expect(versions.since(BASE_VIEWS[0])).toBe(-Infinity);
    versions.end(10);
    expect(versions.since(BASE_VIEWS[0])).toBe(-Infinity);
  });

  test('that is new has a promise from the end of its deployment on, until it is taken back', () => {
    const versions = new Versions(first);
    const [view] = named('posts_by_join_year');
    expect(versions.since(view)).toBe(Infinity);
    versions.begin('view', false, []);
    expect(versions.since(view)).toBe(Infinity);
    versions.end(10);
    versions.begin('shorterHorizon', false, []);
    versions.end(20);
    expect(versions.since(view)).toBe(10);
    versions.begin('view', true, []);
    expect(versions.since(view)).toBe(Infinity);
    versions.end(30);
    expect(versions.current).toEqual({ ...first, horizon: 4 });
  });

  test('of a column that was not stored has no post of before its deployment in the speed layer', () => {
    const media = named('media_by_country')[0];
    const without = BASE_VIEWS.filter(({ dimensions }) => !dimensions.includes('media_type'));
    const seen = [BASE_VIEWS, without].map((views) => {
      const versions = new Versions({ ...first, views });
      versions.begin('joinedView', false, [7]);
      return [6, 7].map((offset) => versions.mayBeSeen(media)({ partition: 0, offset }));
    });
    expect(seen).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  test('of another definition is another view, and begins anew after a rollback', () => {
    const versions = new Versions(first);
    const [before, after] = named('category_by_country');
    versions.begin('dimensions', false, []);
    versions.end(10);
    expect([before, after].map((each) => versions.since(each))).toEqual([Infinity, 10]);
    versions.begin('dimensions', true, []);
    versions.end(20);
    expect([before, after].map((each) => versions.since(each))).toEqual([20, Infinity]);
    versions.backfilled();
    expect(versions.since(before)).toBe(-Infinity);
  });
});

test('a topic that is made anew begins at offset 0', () => {
  const topic = new Topic(new World({ seed: '1', start: 0 }), 'posts', 2);
  for (let i = 0; i < 3; i++) topic.append(1, [{ key: 'k', value: 'v' }]);
  topic.remake();
  expect(topic.append(1, [{ key: 'k', value: 'v' }])).toMatchObject({ baseOffset: 0 });
});

test('an operator may delete objects of the lake', async () => {
  const world = new World({ seed: '1', start: 0 });
  const bucket = new Bucket();
  bucket.put('a', '1');
  bucket.put('b', '2');
  const lake = bucket.operatorPort(new Process(new Network(world), 'operator'), new MemoryDisk());
  world.spawn(() => lake.delete('a'));
  await world.runUntil(60_000);
  expect(bucket.keys()).toEqual(['b']);
});

import { expectedPosts } from '../../../../../tools/local/run/sent-log';
import { Counted } from '../../../../../tools/local/run/counted';
import {
  acknowledgedByIndex,
  countsOf,
  errorsOf,
  errorsOfPosts,
  type Observed,
} from '../../../../../tools/local/run/result';
import { maskOf } from '../../../../../lambda/domain/merge';

const view = (rows: Record<string, string | number>[]) => ({ batch: rows, speed: rows });
const answer = { popular: [{ country: 'Chad', category_count: 2 }] };

const correct: Observed = {
  views: {
    posts_by_category: view([
      { category: 'art', count: 2 },
      { category: 'travel', count: 1 },
    ]),
    posts_by_country: view([{ country: 'Chad', count: 2 }]),
  },
  answers: { merged: answer, batch: answer, speed: answer },
  drift: 0,
};
const expected = { pin: 3, geo: 2, user: 0 };

describe('the result of a run', () => {
  test('is without errors if both layers contain every acknowledged post once', () => {
    expect(errorsOf(expected, correct)).toEqual([]);
  });

  test('names the layer that lost a post', () => {
    const speed = [{ category: 'art', count: 2 }];
    const views = { ...correct.views, posts_by_category: { ...correct.views.posts_by_category, speed } };
    expect(errorsOf(expected, { ...correct, views })).toEqual([
      '3 posts with pin must be counted, the speed layer counts 2',
      'view posts_by_category differs between the layers',
    ]);
  });

  test('names a post that both layers counted twice', () => {
    const views = { ...correct.views, posts_by_country: view([{ country: 'Chad', count: 3 }]) };
    expect(errorsOf(expected, { ...correct, views })).toEqual([
      '2 posts with geo must be counted, the batch layer counts 3',
      '2 posts with geo must be counted, the speed layer counts 3',
    ]);
  });

  test('names an answer in which a layer differs', () => {
    const answers = { ...correct.answers, batch: { popular: [] } };
    expect(errorsOf(expected, { ...correct, answers })).toEqual([
      'answer popular of the batch layer differs from the merged one',
    ]);
  });

  test('has an error if there is drift', () => {
    expect(errorsOf(expected, { ...correct, drift: 2 })).toEqual(['drift is 2, expected 0']);
  });
});

describe('the posts of both layers', () => {
  const counted = (...posts: readonly (readonly [number, ...('pin' | 'geo' | 'user')[]])[]) => {
    const layer = new Counted();
    for (const [index, ...sections] of posts) layer.add(index, maskOf(sections));
    return layer;
  };
  const acknowledged = acknowledgedByIndex([
    { key: '7', sections: ['pin'] },
    { key: '7', sections: ['geo'] },
    { key: '8', sections: ['user'] },
  ]);
  const whole = () => counted([7, 'geo', 'pin'], [8, 'user']);

  test('have no error where both have what was acknowledged, in whatever parts it came', () => {
    const layers = { batch: whole(), speed: counted([7, 'geo'], [8, 'user'], [7, 'pin']) };
    expect(errorsOfPosts({ acknowledged, layers })).toEqual([]);
  });

  test('may have more than was acknowledged, if it is in both', () => {
    const more = () => counted([7, 'geo', 'pin'], [8, 'user'], [9, 'pin']);
    expect(errorsOfPosts({ acknowledged, layers: { batch: more(), speed: more() } })).toEqual([]);
    expect(countsOf(more())).toEqual({ pin: 2, geo: 1, user: 1 });
  });

  test('name a lost section of a post, though another post is there instead', () => {
    const layers = { batch: whole(), speed: counted([7, 'pin'], [8, 'user'], [9, 'geo']) };
    expect(errorsOfPosts({ acknowledged, layers })).toEqual([
      '1 posts are in the batch layer alone: 7 (geo)',
      '1 acknowledged posts are not in the speed layer: 7 (geo)',
      '1 posts are in the speed layer alone: 9 (geo)',
    ]);
  });

  test('name what a layer counted twice', () => {
    const layers = { batch: counted([7, 'geo', 'pin'], [8, 'user'], [7, 'pin']), speed: whole() };
    expect(errorsOfPosts({ acknowledged, layers })).toEqual(['1 posts are counted twice by the batch layer: 7 (pin)']);
  });
});

describe('the sent log', () => {
  test('expects a post once, even if it was acknowledged several times or in several parts', () => {
    const acknowledged = [
      { key: '1', sections: ['pin'] as const },
      { key: '1', sections: ['pin', 'geo'] as const },
      { key: '1', sections: ['user'] as const },
      { key: '2', sections: ['pin'] as const },
    ];
    expect(expectedPosts(acknowledged)).toEqual({ pin: 2, geo: 1, user: 1 });
  });
});

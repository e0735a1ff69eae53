import { columnOf, SECTIONS } from '../../../../lambda/domain/columns';
import { CANARY_VIEW, findView, sectionsOf, type View, VIEWS, viewsAsJson } from '../../../../lambda/domain/views';

const NAMED = { name: 'named', description: '', dimensions: ['country', 'category'] } as const;

test('top is a property of max only: trimmed sums depend on how the posts were split', () => {
  const top = { groupBy: 1, keep: 2 };
  const max: View = { ...NAMED, merge: 'max', top };
  // @ts-expect-error a sum has no top
  const sum: View = { ...NAMED, merge: 'sum', top };
  // @ts-expect-error whatever the merge, until it is known
  const any: View = { ...NAMED, merge: max.merge as View['merge'], top };
  expect([max, sum, any]).toHaveLength(3);
});

describe('each view', () => {
  test.each(VIEWS)('$name can be stored: unique, with a key of values that the codec takes', (view) => {
    expect(VIEWS.filter(({ name }) => name === view.name)).toEqual([view]);
    expect(view.name).toMatch(/^[a-z][a-z_]*$/);
    expect(view.dimensions.length).toBeGreaterThan(0);
    expect(new Set(view.dimensions).size).toBe(view.dimensions.length);
    // A list is no dimension, and a fraction has more than one text.
    for (const name of view.dimensions) expect(['string[]', 'double']).not.toContain(columnOf(name).type);
    if (view.value) expect(['int', 'long']).toContain(columnOf(view.value).type);
    if (view.top) {
      expect(view.top.groupBy).toBeGreaterThan(0);
      expect(view.top.groupBy).toBeLessThan(view.dimensions.length);
      expect(view.top.keep).toBeGreaterThan(0);
    }
  });

  test.each(VIEWS)('$name is found by its name', (view) => {
    expect(findView(view.name)).toBe(view);
  });

  test('names the sections of its dimensions and its value, in the order of all sections', () => {
    expect(sectionsOf(findView('posts_by_country')!)).toEqual(['geo']);
    expect(sectionsOf(findView('top_poster_by_country')!)).toEqual(['pin', 'geo']);
    expect(sectionsOf(findView('followers_by_join_year')!)).toEqual(['pin', 'user']);
    expect(sectionsOf({ ...NAMED, dimensions: ['country'], merge: 'max', value: 'follower_count' })).toEqual([
      'pin',
      'geo',
    ]);
    for (const view of VIEWS) {
      const places = sectionsOf(view).map((section) => SECTIONS.indexOf(section));
      expect(places).toEqual([...places].sort((a, b) => a - b));
    }
  });
});

test('no name finds the view of the canary, or what objects inherit', () => {
  expect(findView(CANARY_VIEW.name)).toBeUndefined();
  expect(findView('toString')).toBeUndefined();
});

test('the Spark job reads every view whole, with its sections', () => {
  const views = JSON.parse(viewsAsJson()) as Record<string, unknown>[];
  expect(views).toEqual(
    VIEWS.map((view) => ({ ...view, sections: sectionsOf(view), columns: expect.any(Object) as unknown })),
  );
  expect(JSON.parse(viewsAsJson([{ ...NAMED, merge: 'sum' }]))).toEqual([
    { ...NAMED, merge: 'sum', sections: ['pin', 'geo'], columns: { country: 'string', category: 'string' } },
  ]);
});

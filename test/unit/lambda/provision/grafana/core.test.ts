import fc from 'fast-check';
import {
  type Action,
  type Responses,
  held,
  type Held,
  KINDS,
  marked,
  markOf,
  plan,
  type Wanted,
  wanted,
} from '../../../../../lambda/provision/grafana/core';
import { DEPLOYED, FIRST, FOLDER, SECOND } from './support/content';

const NONE: Responses = {
  plugins: [],
  dataSources: [],
  folder: undefined,
  contactPoints: [],
  dashboards: [],
  rules: [],
};

const names = (actions: readonly Action[]) => actions.map((each) => `${each.do} ${each.kind} ${each.uid}`);

const asHeld = ({ kind, uid, name, body }: Wanted): Held => ({ kind, uid, name, mark: markOf(body) });

describe('a plan', () => {
  test('for an empty workspace creates everything, dependencies first', () => {
    expect(names(plan(wanted(FIRST, DEPLOYED), held(NONE, FOLDER)))).toEqual([
      'create plugin grafana-athena-datasource',
      'create dataSource pinterest-dev-amp',
      'create dataSource pinterest-dev-athena',
      'create folder pinterest-dev',
      'create contactPoint pinterest-dev-alarms',
      'create dashboard overview',
      'create dashboard kafka',
      'create dashboard store',
      'create ruleGroup lake',
    ]);
  });

  test('writes only changed content, and deletes what is no longer wanted', () => {
    const have = wanted(FIRST, DEPLOYED).map(asHeld);
    expect(names(plan(wanted(SECOND, DEPLOYED), have))).toEqual([
      'update dashboard kafka',
      'create dashboard cost',
      'update ruleGroup lake',
      'delete dashboard store',
    ]);
  });

  test('for empty content deletes everything in reverse, except plugins', () => {
    expect(names(plan([], wanted(FIRST, DEPLOYED).map(asHeld)))).toEqual([
      'delete ruleGroup lake',
      'delete dashboard overview',
      'delete dashboard kafka',
      'delete dashboard store',
      'delete contactPoint pinterest-dev-alarms',
      'delete folder pinterest-dev',
      'delete dataSource pinterest-dev-amp',
      'delete dataSource pinterest-dev-athena',
    ]);
  });

  test('retains a folder that contains a board of another owner', () => {
    const have: Held[] = [
      ...wanted(FIRST, DEPLOYED).map(asHeld),
      { kind: 'dashboard', uid: 'mine', name: 'Mine', mark: undefined },
    ];
    const actions = names(plan([], have));
    expect(actions).not.toContain('delete dashboard mine');
    expect(actions).not.toContain('delete folder pinterest-dev');
    expect(actions).toContain('delete dashboard kafka');
  });
});

describe('planning and applying', () => {
  const KIND = fc.constantFrom(...KINDS);
  const WANTED = fc.uniqueArray(
    fc.record({
      kind: KIND,
      uid: fc.constantFrom('a', 'b', 'c'),
      body: fc.dictionary(fc.constantFrom('x', 'y'), fc.nat(3)),
    }),
    { selector: ({ kind, uid }) => `${kind} ${uid}` },
  );
  // Bodies as marks need them.
  const complete = (each: { kind: Wanted['kind']; uid: string; body: object }): Wanted => ({
    ...each,
    name: each.uid,
    body: { ...each.body, rules: [], jsonData: {}, tags: [] },
  });

  function applied(have: readonly Held[], actions: readonly Action[]): Held[] {
    const state = new Map(have.map((each) => [`${each.kind} ${each.uid}`, each]));
    for (const action of actions) {
      const key = `${action.kind} ${action.uid}`;
      expect(state.has(key)).toBe(action.do !== 'create');
      if (action.do === 'delete') {
        state.delete(key);
      } else {
        const { kind, uid, name } = action;
        state.set(key, { kind, uid, name, mark: `written ${JSON.stringify(action.body)}` });
      }
    }
    return [...state.values()];
  }

  test('from any state to any other leaves no difference after any interruption, and foreign objects untouched', () => {
    fc.assert(
      fc.property(WANTED, WANTED, fc.array(fc.nat(8)), fc.nat(20), (before, after, foreign, stop) => {
        const want = after.map(complete);
        const have = before
          .map(complete)
          .map((each, i) => ({ ...asHeld(each), ...(foreign.includes(i) ? { mark: undefined } : {}) }));
        const partly = applied(have, plan(want, have).slice(0, stop));
        const trueMarks = (state: readonly Held[]) =>
          state.map((each) => {
            const source = want.find(({ kind, uid }) => kind === each.kind && uid === each.uid);
            return source && each.mark === `written ${JSON.stringify(marked(source))}` ? asHeld(source) : each;
          });
        const rest = plan(want, trueMarks(partly));
        const end = trueMarks(applied(trueMarks(partly), rest));
        expect(plan(want, end)).toEqual([]);
        for (const each of want) expect(end).toContainEqual(asHeld(each));
        for (const each of have.filter(({ mark }) => mark === undefined)) {
          expect(end.some(({ kind, uid }) => kind === each.kind && uid === each.uid)).toBe(true);
        }
      }),
    );
  });
});

describe('marks', () => {
  test('are the same for the same content in another order, and differ for another content', () => {
    expect(markOf({ a: 1, b: [1, { c: null }] })).toBe(markOf({ b: [1, { c: null }], a: 1 }));
    expect(markOf({ a: [1, 2] })).not.toBe(markOf({ a: [2, 1] }));
    expect(markOf({ a: undefined })).toBe(markOf({}));
  });

  test('are read back from what Grafana returns of what was sent', () => {
    const want = wanted(FIRST, DEPLOYED);
    const sent = (kind: Wanted['kind']) => want.filter((each) => each.kind === kind).map(marked);
    const responses: Responses = {
      plugins: ['grafana-athena-datasource', 'cloudwatch'],
      dataSources: sent('dataSource').map((each) => ({ ...each, id: 7, version: 3, readOnly: false })),
      folder: { ...sent('folder')[0], id: 1, version: 1, url: '/dashboards/f/x' },
      contactPoints: sent('contactPoint').map((each) => ({ ...each, provenance: 'api' })),
      dashboards: sent('dashboard').map(({ uid, title, tags }) => ({ uid, title, tags, id: 9 })),
      rules: sent('ruleGroup').flatMap(({ rules }) => rules as object[] as Responses['rules']),
    };
    expect(plan(want, held(responses, FOLDER))).toEqual([]);
  });

  test('do not match if one rule of a group was changed', () => {
    const rules = [
      { folderUID: FOLDER, ruleGroup: 'lake', annotations: { content: 'abc' } },
      { folderUID: FOLDER, ruleGroup: 'lake', annotations: {} },
      { folderUID: 'elsewhere', ruleGroup: 'lake', annotations: { content: 'abc' } },
    ];
    expect(held({ ...NONE, rules }, FOLDER)).toEqual([
      { kind: 'ruleGroup', uid: 'lake', name: 'lake', mark: undefined },
    ]);
  });

  test('are not given to contact points and data sources of others', () => {
    const contactPoints = [{ uid: 'abc', name: 'grafana-default-email', type: 'email', settings: {} }];
    const dataSources = [{ uid: 'xyz', name: 'Loki', jsonData: {} }];
    expect(held({ ...NONE, contactPoints, dataSources }, FOLDER).map(({ mark }) => mark)).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe("a board's constants", () => {
  test('are filled with the names of the deployment', () => {
    const kafka = wanted(FIRST, DEPLOYED).find(({ uid }) => uid === 'kafka');
    expect(kafka?.body).toMatchObject({
      templating: {
        list: [
          { name: 'cluster', query: 'pinterest-cluster', current: { value: 'pinterest-cluster' } },
          { name: 'amp', type: 'datasource', query: 'prometheus' },
        ],
      },
    });
  });

  test('that the deployment does not provide are an error that names board, constant and what is allowed', () => {
    expect(() => wanted(FIRST, { ...DEPLOYED, constants: { topic: 'posts' } })).toThrow(
      "constant of dashboard 'overview' must be one of topic, got 'cluster'",
    );
  });
});

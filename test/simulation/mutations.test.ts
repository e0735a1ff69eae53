/** The list of mutations stays true to the code that it changes. Whether each one is found is the simulation's business. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import { ROOT } from '../../tools/kit/root';
import { readTable } from './mutation-table';
import { AFTER_THEIR_FIX, MUTATIONS } from './mutations';

const sourceOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');

describe('mutations', () => {
  test('are at least 45, each with a name of its own', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(45);
    const names = [...MUTATIONS, ...AFTER_THEIR_FIX].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('are found by the seeds that docs/simulation-mutations.md names, but for those that something else stands before', () => {
    const results = readTable();
    const notFound = MUTATIONS.filter(({ name }) => results.get(name)?.seed === undefined);
    expect(notFound).toEqual(MUTATIONS.filter(({ unseen }) => unseen !== undefined));
    expect([...results.keys()]).toEqual(MUTATIONS.map(({ name }) => name));
  });

  test.each(MUTATIONS)('$name', ({ file, find, replace }) => {
    const source = sourceOf(file);
    expect(`${source.split(find).length - 1} times in ${file}`).toBe(`1 times in ${file}`);
    // A function: "$&" and its like mean nothing in a replacement.
    const mutated = source.replace(find, () => replace);
    expect(mutated).not.toBe(source);
    expect(() => parseSync(mutated, { syntax: 'typescript' })).not.toThrow();
  });
});

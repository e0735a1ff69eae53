import { readFileSync } from 'node:fs';
import { CONFIG_KEYS, loadConfig, STAGES } from '../../../lib/config';
import { document, FILE } from '../../../tools/docgen/configuration';

/** The cells of a table's rows; padding is the formatter's. */
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

const committed = readFileSync(FILE, 'utf8');

test('docs/configuration.md is what the code says: run tsx tools/docgen/configuration.ts', () => {
  expect(rows(committed)).toEqual(rows(document()));
});

test('it has every key once, with what it is, what is allowed, and its default in each stage', () => {
  const table = rows(committed);
  expect(table.map(([, key]) => key.replaceAll('`', '')).sort()).toEqual([...CONFIG_KEYS].sort());
  for (const [, key, what, allowed, ...defaults] of table) {
    expect(what.length).toBeGreaterThan(15);
    expect(allowed).not.toBe('');
    STAGES.forEach((stage, index) => {
      const value = loadConfig({ stage }, 'arm64')[key.replaceAll('`', '') as (typeof CONFIG_KEYS)[number]];
      if (value !== undefined) expect(defaults[index]).toBe(String(value));
      else expect(defaults[index]).not.toBe('');
    });
  }
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_KEYS, loadConfig, STAGES } from '../../../lib/config';
import { ROOT } from '../../../tools/kit/root';

/** The cells of a table's rows; prettier pads them. */
const rows = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

const committed = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');

test('docs/configuration.md has every key once, with what it is, what is allowed, and its default in each stage', () => {
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

/**
 * Writes the boards as files that Grafana imports: `npm run dashboards [folder]`. An import asks for the names that a
 * deployment would have filled in.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type JsonObject } from '../../lambda/provision/grafana/core';
import { contentOf } from '.';
import { importable } from './importable';

const folder = resolve(process.argv[2] ?? join(__dirname, '..', '..', '.local', 'dashboards'));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const { dashboards, ruleGroups } = contentOf('Pinterest pipeline', {});
const write = (name: string, value: JsonObject) => {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
  process.stdout.write(`${file}\n`);
};
for (const board of dashboards) write(String(board['uid']), importable(board));
for (const group of ruleGroups) write('alert-rules', group);

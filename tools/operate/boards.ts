import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type JsonObject } from '../../lambda/provision/grafana/core';
import { type Command } from '../kit/command';
import { parse } from '../kit/options';
import { ROOT } from '../kit/root';
import { contentOf } from '../../observability/grafana';
import { importable } from '../../observability/grafana/importable';

function run(argv: readonly string[]): void {
  const { positionals } = parse(argv, {}, { positionals: true });
  const folder = resolve(positionals[0] ?? join(ROOT, '.local', 'dashboards'));
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
}

export const command: Command = {
  operands: '[FOLDER]',
  options: {},
  about:
    'Writes to FOLDER, or .local/dashboards. An import into Grafana requests the names that a deployment would set.',
  run,
};

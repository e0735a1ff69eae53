import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, type Stage } from '../../lib/config';
import { type CloudAssembly } from '../assembly/cloud-assembly';
import { synthesizeAssembly } from '../assembly/synthesize';
import { performance } from '../bench/results';
import { capacityDocument } from '../capacity/document';
import { capacityFigures } from '../capacity/figures';
import { costDocument } from '../cost/document';
import { type Command } from '../kit/command';
import { flag, parse } from '../kit/options';
import { ROOT } from '../kit/root';
import { clients } from './clients';
import { configuration } from './configuration';
import { diagrams } from './diagram';
import { type AssemblyOf, type Generator } from './generator';
import { metrics } from './metrics';
import { personalData } from './personal-data';
import { schemas } from './schemas';

export const GENERATORS: Readonly<Record<string, Generator>> = {
  // First: others read the configuration, which is sized by these figures.
  'capacity-figures': capacityFigures,
  capacity: capacityDocument,
  configuration,
  cost: costDocument,
  diagrams,
  metrics,
  performance,
  'personal-data': personalData,
  schemas,
  clients,
};

function assemblies(): AssemblyOf {
  const made = new Map<Stage, CloudAssembly>();
  return (stage) => {
    const assembly = made.get(stage) ?? synthesizeAssembly(loadConfig({ stage }));
    made.set(stage, assembly);
    return assembly;
  };
}

/** Without padding and line breaks, which prettier adds: jest can't load prettier, which is an ES module. */
function plain(file: string, text: string): string {
  if (file.endsWith('.json')) return JSON.stringify(JSON.parse(text));
  if (!file.endsWith('.md')) return text;
  return text.replace(/\s+/g, ' ').replace(/-{3,}/g, '---').trim();
}

/** The files of a generator that differ from what it renders. */
export function outdated({ render }: Pick<Generator, 'render'>, assemblyOf: AssemblyOf, root: string = ROOT): string[] {
  return Object.entries(render(assemblyOf)).flatMap(([file, text]) => {
    const path = join(root, file);
    const current = existsSync(path) && plain(file, readFileSync(path, 'utf8')) === plain(file, text);
    return current ? [] : [file];
  });
}

/** Files that are written as they are rendered. */
const AS_RENDERED = /\.(svg|ts|py)$/;
/** Characters of a line of prose. */
const PROSE_WIDTH = 140;

async function write(file: string, text: string): Promise<void> {
  const { format, resolveConfig } = await import('prettier');
  const path = join(ROOT, file);
  const options = { ...(await resolveConfig(path)), filepath: path };
  const wrapped = file.endsWith('.md')
    ? { ...options, proseWrap: 'always' as const, printWidth: PROSE_WIDTH }
    : options;
  const formatted = AS_RENDERED.test(file) ? text : await format(text, wrapped);
  writeFileSync(path, formatted);
}

/** Writes the files of the named generators. */
export async function generate(names: readonly string[]): Promise<void> {
  const assemblyOf = assemblies();
  for (const name of names) {
    for (const [file, text] of Object.entries(GENERATORS[name].render(assemblyOf))) {
      await write(file, text);
      console.log(file);
    }
  }
}

function check(names: readonly string[]): void {
  const assemblyOf = assemblies();
  const stale = names.flatMap((name) => outdated(GENERATORS[name], assemblyOf).map((file) => ({ name, file })));
  for (const { name, file } of stale) console.log(`${file} is not current: npm run generate -- ${name}`);
  const count = names.reduce((sum, name) => sum + GENERATORS[name].files.length, 0);
  if (stale.length === 0) console.log(`all ${count} generated files are current`);
  else process.exitCode = 1;
}

const OPTIONS = {
  check: flag('writes nothing, lists the files that are not current, and ends with 1 if there are any'),
};

async function run(argv: readonly string[]): Promise<void> {
  const { values, positionals } = parse(argv, OPTIONS, { positionals: true });
  const all = Object.keys(GENERATORS);
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Error(`a generator must be one of ${all.join(', ')}, got '${unknown}'`);
  const names = positionals.length > 0 ? positionals : all;
  if (values.check) check(names);
  else await generate(names);
}

export const command: Command = {
  operands: '[GENERATOR …]',
  options: OPTIONS,
  about: ['Generators and their files:']
    .concat(Object.entries(GENERATORS).map(([name, { files }]) => `  ${name}: ${files.join(', ')}`))
    .join('\n'),
  run,
};

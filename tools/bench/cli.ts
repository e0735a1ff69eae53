/**
 * `npm run bench -- archive compact …` runs the named benches, without a name all. `--write` keeps the results and writes
 * docs/performance.md from all that were kept; `--large` adds what takes a GB of disk and minutes.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { writeMarkdown } from '../kit/markdown';
import { aggregate } from './aggregate';
import { archive } from './archive';
import { bundles } from './bundles';
import { compact } from './compact';
import { compactLarge } from './compact-large';
import { ingest } from './ingest';
import { query } from './query';
import { asText, type Report } from './report';
import { document, FILE, keep, kept } from './results';

const BENCHES: Readonly<Record<string, () => Promise<Report>>> = {
  ingest: () => ingest(),
  archive: () => archive(),
  aggregate: () => aggregate(),
  compact: () => compact(),
  query: () => query(),
  bundles: () => bundles(),
};
const LARGE: Readonly<Record<string, () => Promise<Report>>> = { compact: () => compactLarge() };

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { write: { type: 'boolean', default: false }, large: { type: 'boolean', default: false } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw new Error(`bench must be one of ${Object.keys(BENCHES).join(', ')}, got '${unknown}'`);
  const wanted = names.flatMap((name) => [BENCHES[name], ...(values.large && LARGE[name] ? [LARGE[name]] : [])]);
  for (const bench of wanted) {
    const [load] = loadavg();
    const report = await bench();
    console.log(asText(report));
    if (values.write) keep(report, load);
  }
  if (values.write) await writeMarkdown(FILE, document(kept()));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});

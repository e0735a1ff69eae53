/** Results of benches, stored in `results/` with one file per bench, and the document made of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from '../kit/table';
import { machine } from './measure';
import { cells, type Report } from './report';
import { today } from '../kit/time';
import { type Generator } from '../docgen/generator';

const FILE = 'docs/performance.md';
const RESULTS = join(__dirname, 'results');

export interface Result extends Report {
  readonly date: string;
  readonly machine: string;
  /** One-minute load of the machine when the bench began. Above the number of cores, other work ran as well. */
  readonly load: number;
}

export function retain(report: Report, load: number): void {
  const figures = report.figures.map((figure) => ({ ...figure, value: Number(figure.value.toPrecision(6)) }));
  const result: Result = { ...report, figures, date: today(), machine: machine(), load: Number(load.toFixed(1)) };
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, `${report.bench}.json`), `${JSON.stringify(result, null, 2)}\n`);
}

/** All stored results, by name. */
function stored(): readonly Result[] {
  if (!existsSync(RESULTS)) return [];
  return readdirSync(RESULTS)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(RESULTS, file), 'utf8')) as Result);
}

const section = (result: Result): string => `## ${result.bench}

${result.setting[0].toUpperCase()}${result.setting.slice(1)}. ${result.date}, ${result.machine}; load of the machine when it began: ${result.load}.

${markdownTable(['figure', 'measured', 'goal', 'result'], result.figures.map(cells))}`;

function document(results: readonly Result[]): string {
  return `# Performance

Each hot path is measured beside a peer in one run, in turn, so other load of the machine affects both. Figures are medians
of the rounds; where the work is computation they are of CPU time, not of wall-clock time. \`npm run bench\` measures all, \`npm run bench -- archive\`
the benches named; \`--write\` stores the results in \`tools/bench/results/\`, from which this page is generated. No test asserts a time: a bench reports
\`met\` or \`missed\`. Where the load of the machine was above its number of cores, other work ran as well: wall-clock times, and rates that are not
ratios, are then worse than they would be alone.

${results.map(section).join('\n\n')}

## Not measured yet

A bench without a section above has no stored result. There is no bench for: Karapace as the peer of ingest over HTTP, Spark's views against
the widest one alone, publishing after Spark's last file, synth against an app of one bucket. Freshness is in the report of every local
run (\`npm start\`), without a peer.
`;
}

export const performance: Generator = { files: [FILE], render: () => ({ [FILE]: document(stored()) }) };

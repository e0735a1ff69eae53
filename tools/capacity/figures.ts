/** lib/capacity/figures.json: what sizing needs of the measurements in `tools/cost/measurements` and `tools/bench/results`. */
import { type Figures } from '../../lib/capacity/figures';
import aggregate from '../bench/results/aggregate.json';
import archive from '../bench/results/archive.json';
import compactLarge from '../bench/results/compact-large.json';
import { logUnitsOf, MEASURED, ROWS, RUNS } from '../cost/measured';
import { pooled } from '../cost/measurement';
import { type Generator } from '../docgen/generator';

const FILE = 'lib/capacity/figures.json';

interface BenchResult {
  readonly bench: string;
  readonly figures: readonly { readonly what: string; readonly value: number }[];
}

/** @throws Error if the bench has no such figure */
function benched({ bench, figures }: BenchResult, what: string): number {
  const found = figures.find((figure) => figure.what === what);
  if (!found) throw new Error(`tools/bench/results/${bench}.json has no figure '${what}'`);
  return found.value;
}

const round = (value: number): number => Number(value.toPrecision(6));

const BENCHES = 'docs/performance.md';
const RUNS_AND_ROWS = 'docs/cost-and-scale.md';
const RECORDS = 10_000;

function figures(): Figures {
  const ingest = pooled(RUNS, 'ingest');
  const of = (source: string, unit: string, value: number) => ({ value: round(value), unit, source });
  const measured = (unit: string, value: number) => of(RUNS_AND_ROWS, unit, value);
  return {
    postBytes: measured('bytes of a post in Kafka', MEASURED.postBytes),
    eventBytes: measured('bytes of a post in the event of a function', MEASURED.eventBytes),
    rawBytes: measured('bytes of a post in the raw log', MEASURED.rawBytes),
    ingestRecords: measured('posts of a measured request', ingest.received / ingest.reports),
    ingestMs: measured('milliseconds of such a request on one vCPU', ingest.milliseconds / ingest.reports),
    aggregateRate: of(BENCHES, 'posts that aggregate processes in a CPU-second', benched(aggregate, 'aggregate')),
    archiveRate: of(BENCHES, 'posts that archive processes in a CPU-second', benched(archive, 'archive')),
    compactMs: measured('milliseconds of compact without a record', MEASURED.compact(0)),
    compactMsPerRecord: measured(
      'milliseconds of compact a record',
      (MEASURED.compact(RECORDS) - MEASURED.compact(0)) / RECORDS,
    ),
    compactMb: of(
      BENCHES,
      'MB resident in compact with 1 GB of lines',
      benched(compactLarge, 'a record a section: largest resident size'),
    ),
    sparkStart: measured('seconds until a Spark job works', MEASURED.spark.start),
    sparkCoreSeconds: measured('core-seconds of Spark a post', MEASURED.spark.coreSecondsPerRow),
    rememberedBytes: measured('bytes of memory of a post that aggregate remembers', ROWS.rememberedBytes),
    logUnits: {
      points: ROWS.intervals.map((interval) => [interval.batch, round(logUnitsOf(interval))]),
      source: RUNS_AND_ROWS,
    },
  };
}

export const capacityFigures: Generator = { files: [FILE], render: () => ({ [FILE]: JSON.stringify(figures()) }) };

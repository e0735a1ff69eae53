/** What a rate of posts means at each part of the pipeline: bytes, batches, seconds, megabytes. Pure. */
import { ROWS_OF_DUCKDB } from '../../lambda/compact/core';
import { type PipelineConfig } from '../config/schema';
import { batchesOf, HOURS_PER_MONTH } from './batches';
import { Curve } from './curve';
import { type FigureCurve, FIGURES, type Figures } from './figures';
import { FUNCTION_MB } from './functions';
import { type DocumentedLimit, LIMITS } from './limits';

export interface Scene {
  readonly config: PipelineConfig;
  /** Posts a second. */
  readonly rate: number;
  /** Posts in a request. */
  readonly batch: number;
  readonly figures: Figures;
}

/** Posts in a request, where the caller of the model does not say. */
export const POSTS_PER_REQUEST = 100;

/** After an outage the batch layer catches up this many times as fast as time passes, at least. */
export const CATCH_UP = 2;

/** Hours from the first post of an outage to its rows being served: what speed rows, and Kafka, must hold. */
export const hoursToCover = ({ outageHours, intervalMinutes, publishDelayMinutes }: PipelineConfig): number =>
  outageHours + (intervalMinutes + publishDelayMinutes) / 60;

export const vcpu = (step: keyof typeof FUNCTION_MB): number =>
  Math.min(1, FUNCTION_MB[step] / LIMITS.lambdaMbPerVcpu.value);
export const eventBytes = ({ config, figures }: Scene): number =>
  (figures.eventBytes.value * config.postBytes) / figures.postBytes.value;
const rawBytes = ({ config, figures }: Scene): number =>
  (figures.rawBytes.value * config.postBytes) / figures.postBytes.value;
export const postsPerInterval = ({ config, rate }: Scene): number =>
  (rate * config.intervalMinutes * 60) / config.partitions;

/** Batches of all partitions a second. */
const batchesPerSecond = (scene: Scene, windowSeconds: number): number =>
  batchesOf(scene.rate, windowSeconds, eventBytes(scene), scene.config, scene.config.pollers).perMonth /
  (HOURS_PER_MONTH * 3_600);
const aggregateBatches = (scene: Scene) => batchesPerSecond(scene, scene.config.aggregateWindowSeconds);
export const archiveBatches = (scene: Scene) => batchesPerSecond(scene, scene.config.archiveWindowSeconds);

const curves = new WeakMap<FigureCurve, Curve>();
function curve(figure: FigureCurve): Curve {
  const known = curves.get(figure) ?? new Curve(figure.points);
  curves.set(figure, known);
  return known;
}

/** Write units a second of `speed_log`. A batch of a partition is a row. */
export function logUnits(scene: Scene): number {
  const batches = aggregateBatches(scene);
  return batches * curve(scene.figures.logUnits).grown(scene.rate / batches);
}

/** Of posts that aggregate remembers. In the worst case one environment has had batches of all partitions. */
export const rememberedMb = ({ config, rate, figures }: Scene): number =>
  (rate * config.intervalMinutes * 60 * (config.speedHorizonIntervals + 1) * figures.rememberedBytes.value) / 1e6;

/** The rest is for a batch, what it is decoded to, and Node. */
export const REMEMBERED_SHARE = 0.7;
const MEMORY_STEP_MB = 256;

/** Memory of aggregate, at the rate that the stage is built for. */
export function aggregateMb(config: PipelineConfig): number {
  const { postsPerSecond } = config;
  const needed = rememberedMb({ config, rate: postsPerSecond, batch: POSTS_PER_REQUEST, figures: FIGURES });
  const stepped = Math.ceil(needed / REMEMBERED_SHARE / MEMORY_STEP_MB) * MEMORY_STEP_MB;
  return Math.min(LIMITS.lambdaMemoryMb.value, Math.max(FUNCTION_MB.aggregate, stepped));
}

export const compactSeconds = (scene: Scene): number =>
  (scene.figures.compactMs.value + scene.figures.compactMsPerRecord.value * postsPerInterval(scene)) / 1_000;

/** Raw objects of an interval, as compact downloads them. What DuckDB spills beside them was never measured. */
export const compactMb = (scene: Scene): number => (rawBytes(scene) * postsPerInterval(scene)) / 1e6;

/** Posts of an interval, all partitions. */
const intervalPosts = (scene: Scene): number => postsPerInterval(scene) * scene.config.partitions;

/** Whether DuckDB computes the views of an interval at this rate. */
const isOfDuckdb = (scene: Scene): boolean => intervalPosts(scene) <= ROWS_OF_DUCKDB[scene.config.viewsEngine];

/**
 * Parquet of an interval, all partitions, as `commit` downloads it where DuckDB computes the views: less than its raw objects.
 */
const viewsMb = (scene: Scene): number =>
  (rawBytes(scene) * Math.min(intervalPosts(scene), ROWS_OF_DUCKDB[scene.config.viewsEngine])) / 1e6;

/** The larger of what the two steps of the function download. */
export const downloadedMb = (scene: Scene): number => Math.max(compactMb(scene), viewsMb(scene));

/** What compact has had since it was measured with 1 GB of lines. */
const LEAST_DISK_MB = 4_096;
/** Raw objects fill this share of /tmp at most: the rest is for what DuckDB spills. */
const RAW_SHARE = 0.25;
const DISK_STEP_MB = 1_024;

/** Space of compact under /tmp, at the rate that the stage is built for. */
export function compactDiskMb(config: PipelineConfig): number {
  const scene = { config, rate: config.postsPerSecond, batch: POSTS_PER_REQUEST, figures: FIGURES };
  // The views spill little: their table is a tenth of the files.
  const needed = Math.max(compactMb(scene) / RAW_SHARE, 2 * viewsMb(scene));
  const stepped = Math.ceil(needed / DISK_STEP_MB) * DISK_STEP_MB;
  return Math.min(LIMITS.lambdaDiskMb.value, Math.max(LEAST_DISK_MB, stepped));
}

/** Cores that compute an interval's views in a part of the interval's length, and those of the driver. */
export const sparkVcpu = (scene: Scene): number => {
  const { config, rate, figures } = scene;
  return isOfDuckdb(scene) ? 0 : CATCH_UP * rate * figures.sparkCoreSeconds.value + config.sparkCores;
};

/** DuckDB, for all views of a post, one thread, a million posts. @see docs/adr/0032-a-second-engine-for-the-views.md */
export const DUCKDB_VIEWS_SECONDS = 3.3e-6;

export const viewsSeconds = (scene: Scene): number => {
  const { config, figures } = scene;
  const posts = intervalPosts(scene);
  if (isOfDuckdb(scene)) return posts * DUCKDB_VIEWS_SECONDS;
  return (
    figures.sparkStart.value +
    (posts * figures.sparkCoreSeconds.value) / Math.max(1, config.sparkMaxVcpu - config.sparkCores)
  );
};

/** Environments of ingest that work at once. */
export function ingestEnvironments({ rate, batch, figures }: Scene): number {
  const ms = figures.ingestMs.value * Math.max(1, batch / figures.ingestRecords.value);
  return ((rate / batch) * ms) / 1_000 / vcpu('ingest');
}

/** Connections of an environment to a broker, and seconds in which all may start: as in lib/rules/kafka.ts. */
export const CONNECTIONS_PER_ENVIRONMENT = 2;
export const CONNECT_WITHIN = 10;
export const isT3 = ({ brokerInstance }: PipelineConfig): boolean => brokerInstance.startsWith('kafka.t3.');
export const newConnections = (config: PipelineConfig): DocumentedLimit =>
  isT3(config) ? LIMITS.newConnectionsT3 : LIMITS.newConnections;
export const mostEnvironments = (config: PipelineConfig): number =>
  Math.floor(
    Math.min(LIMITS.brokerConnections.value, newConnections(config).value * CONNECT_WITHIN) /
      CONNECTIONS_PER_ENVIRONMENT,
  );

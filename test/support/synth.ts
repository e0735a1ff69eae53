import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { loadConfig, type PipelineConfig } from '../../lib/config';
import { composePipeline, type PipelineOptions } from '../../lib/pipeline';
import { context } from '../../cdk.json';

/** The stacks of the app as templates. */
export interface Templates {
  readonly config: PipelineConfig;
  readonly network: Template;
  readonly storage: Template;
  readonly processing: Template;
  /** Undefined where `orchestrator` is `none`. */
  readonly orchestration: Template;
  readonly observability: Template;
  readonly all: readonly Template[];
  /** The texts of all warnings. */
  readonly warnings: readonly string[];
}

/**
 * Synthesizes the app for tests: with the feature flags of `cdk.json`, as they change templates, but without bundling, and
 * with an empty folder in the place of the DuckDB layer, so that it needs no fetch and takes a second.
 */
export function synthesize(
  overrides: Readonly<Record<string, unknown>>,
  options: Partial<PipelineOptions> = {},
): Templates {
  const app = new App({
    context: {
      ...context,
      'aws:cdk:bundling-stacks': [],
      // Warnings are asserted where they matter; in the report they would be printed with every test.
      '@aws-cdk/core:annotationsInValidationReport': false,
    },
    analyticsReporting: false,
  });
  const config = loadConfig(overrides);
  const pipeline = composePipeline(app, config, { layers: emptyLayers(), ...options });
  const { network, storage, processing, orchestration, observability } = pipeline;
  const stacks = [network, storage, processing, ...(orchestration ? [orchestration] : []), observability];
  const all = stacks.map((stack) => Template.fromStack(stack));
  return {
    config,
    network: all[0],
    storage: all[1],
    processing: all[2],
    orchestration: all[stacks.findIndex((stack) => stack === orchestration)],
    observability: all[stacks.indexOf(observability)],
    all,
    warnings: stacks.flatMap((stack) =>
      Annotations.fromStack(stack)
        .findWarning('*', Match.anyValue())
        .map(({ entry }) => String(entry.data)),
    ),
  };
}

/** A folder that looks like what `npm run layers` leaves. */
export function emptyLayers(): string {
  const directory = join(tmpdir(), 'pipeline-empty-layers');
  for (const arch of ['arm64', 'x64']) {
    mkdirSync(join(directory, `duckdb-${arch}`, 'nodejs', 'node_modules'), { recursive: true });
  }
  return directory;
}

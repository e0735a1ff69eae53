import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { loadConfig, type PipelineConfig } from '../../lib/config';
import { type CloudAssembly, readCloudAssembly } from '../../tools/assembly/cloud-assembly';
import { assemblyOf } from './synthesis/assembly';

export { emptyLayers } from './synthesis/assembly';

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

const STACKS = ['network', 'storage', 'processing', 'orchestration', 'observability'] as const;

export interface SynthOptions {
  /**
   * Folder with the DAGs of Airflow.
   * @default - `dags` of this repository
   */
  readonly dags?: string;
}

/** The app's templates of a configuration, by `synthesizeAssembly`, with an empty folder in the place of the DuckDB layer. */
export function synthesize(overrides: Readonly<Record<string, unknown>>, { dags }: SynthOptions = {}): Templates {
  const directory = assemblyOf({ overrides, dags });
  const byPart = new Map(readCloudAssembly(directory).stacks.map((stack) => [stack.name.split('-').pop()!, stack]));
  const parts = STACKS.filter((part) => byPart.has(part));
  const templates = Object.fromEntries(
    parts.map((part) => [part, Template.fromJSON(byPart.get(part)!.template as Record<string, unknown>)]),
  ) as Record<(typeof STACKS)[number], Template>;
  return {
    ...templates,
    config: loadConfig(overrides),
    all: parts.map((part) => templates[part]),
    warnings: parts.flatMap((part) => warningsOf(directory, byPart.get(part)!.name)),
  };
}

/**
 * What is deployed, for what reads it as plain data.
 * @param options.bundled whether the functions' assets are their bundles
 */
export function synthesized(
  overrides: Readonly<Record<string, unknown>>,
  { bundled }: { readonly bundled?: boolean } = {},
): CloudAssembly {
  return readCloudAssembly(assemblyOf({ overrides, bundled }));
}

type Metadata = Readonly<Record<string, readonly { readonly type: string; readonly data?: unknown }[]>>;

function warningsOf(directory: string, stack: string): string[] {
  const metadata = JSON.parse(readFileSync(join(directory, `${stack}.metadata.json`), 'utf8')) as Metadata;
  return Object.values(metadata)
    .flat()
    .filter(({ type }) => type === 'aws:cdk:warning')
    .map(({ data }) => String(data));
}

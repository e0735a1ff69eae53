/**
 * The configuration of a deployment: one typed object per stage. Each key can be overridden (`-c key=value`). Only this module
 * validates it. Only `bin/` reads context and environment, and passes this object to everything else.
 */

import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { overloaded, sized } from '../capacity/capacity';
import { COMBINATIONS } from './combinations';
import { type ConfigKey, defaultsOf, KEYS, type PipelineConfig, type Stage, STAGES } from './schema';

export { STAGES, type ConfigKey, type PipelineConfig, type Stage } from './schema';

/** An invalid configuration. The message is one line that names the key, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const CONFIG_KEYS = Object.keys(KEYS) as readonly ConfigKey[];

/** Keys that only an Airflow environment uses. */
const ENVIRONMENT_KEYS = ['natGateways', 'airflowClass', 'airflowWebserver'] as const satisfies readonly ConfigKey[];

const isKey = (name: string): name is ConfigKey => Object.hasOwn(KEYS, name);

/** Files of stages, beside `bin`. */
export const STAGE_FILES = join(__dirname, '..', '..', 'stages');

/**
 * The configuration of a deployment: of the stage that the overrides name, the defaults, then its file `stages/<stage>.json`, which
 * is checked in and reviewed, then the overrides.
 *
 * @param overrides values that the user set by `-c key=value`
 * @throws ConfigError as {@link loadConfig}; if no stage is named, since a typing error must not deploy `dev`; or naming the file
 */
export function deploymentConfig(
  overrides: Readonly<Record<string, unknown>>,
  hostArchitecture?: PipelineConfig['architecture'],
  folder = STAGE_FILES,
): PipelineConfig {
  const { stage } = overrides;
  if (stage === undefined) {
    throw new ConfigError(`stage must be one of ${STAGES.join(', ')}, got nothing: name it, for example -c stage=dev`);
  }
  const file = join(folder, `${value('stage', stage)}.json`);
  const settings = existsSync(file) ? settingsIn(file) : {};
  return loadConfig({ ...settings, ...overrides }, hostArchitecture);
}

/** The settings in a stage's file, valid without any override. */
function settingsIn(file: string): Record<string, unknown> {
  const name = `stages/${basename(file)}`;
  try {
    const settings: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (settings === null || typeof settings !== 'object' || Array.isArray(settings)) {
      throw new ConfigError('must be a JSON object of keys and values');
    }
    if ('stage' in settings) throw new ConfigError('stage must be left out: the name of the file says it');
    loadConfig({ ...settings, stage: basename(file, '.json') });
    return settings as Record<string, unknown>;
  } catch (error) {
    if (error instanceof ConfigError || error instanceof SyntaxError)
      throw new ConfigError(`${name}: ${error.message}`);
    throw error;
  }
}

/**
 * The configuration of a stage with overrides, as the repository has it: without the stage's file.
 *
 * @param overrides values that the user set, e.g. by `-c key=value`: text or typed
 * @param hostArchitecture architecture of the machine that runs synth; stage `local` uses it, because its functions run there
 * @throws ConfigError naming the first unknown key, bad value or bad combination, and what is allowed
 */
export function loadConfig(
  overrides: Readonly<Record<string, unknown>>,
  hostArchitecture: PipelineConfig['architecture'] = 'arm64',
): PipelineConfig {
  const stage = value('stage', overrides['stage'] ?? 'dev') as Stage;
  const set: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(overrides)) {
    if (!isKey(name)) {
      throw new ConfigError(`unknown config key '${name}': allowed are ${CONFIG_KEYS.join(', ')}`);
    }
    set[name] = value(name, given);
  }
  const defaults = defaultsOf(stage);
  const orchestrator = (set['orchestrator'] ?? defaults.orchestrator) as PipelineConfig['orchestrator'];
  const stray = ENVIRONMENT_KEYS.find((key) => key in set);
  if (orchestrator !== 'mwaa' && stray) {
    throw new ConfigError(
      `${stray} must be left out where orchestrator is ${orchestrator}, got ${String(set[stray])}: there is no Airflow environment`,
    );
  }
  const network = orchestrator === 'mwaa' ? {} : { natGateways: 0 };
  const host = stage === 'local' ? { architecture: hostArchitecture } : {};
  const requested = { ...defaults, ...network, ...host, ...set };
  // The local run has neither the limits of AWS nor the load of a stage.
  const local = stage === 'local';
  const config: PipelineConfig = Object.freeze(local ? requested : sized(requested, new Set(Object.keys(set))));
  const broken = COMBINATIONS.find((each) => each.broken(config));
  if (broken) {
    throw new ConfigError(broken.message(config));
  }
  const overload = local ? undefined : overloaded(config);
  if (overload) {
    throw new ConfigError(overload);
  }
  return config;
}

function value(name: ConfigKey, given: unknown): string | number | boolean {
  const { allowed, parse } = KEYS[name].rule;
  const parsed = parse(given);
  if (parsed === undefined) {
    throw new ConfigError(`${name} must be ${allowed}, got '${String(given).slice(0, 60)}'`);
  }
  return parsed;
}

/** What CDK's commands `acknowledge`, `cli-telemetry` and `migrate` write into cdk.context.json, and users into `~/.cdk.json`. */
const CDK_STATE = ['acknowledged-issue-numbers', 'cli-telemetry', 'cdk-migrate'];

/**
 * The context keys of this project. CDK's own start with `@`, contain a colon or are its commands' state.
 * @param context everything in the app's context
 */
export function overridesIn(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ours = (key: string) => !key.startsWith('@') && !key.includes(':') && !CDK_STATE.includes(key);
  return Object.fromEntries(Object.entries(context).filter(([key]) => ours(key)));
}

/**
 * The configuration of a deployment: one typed object per stage, overridable key by key (`-c key=value`), validated here and
 * nowhere else. Only `bin/` reads context and environment; everything below is handed this object.
 */

import { overloaded, sized } from '../capacity/capacity';
import { COMBINATIONS } from './combinations';
import { DEFAULTS } from './defaults';
import { RULES } from './rules';
import { type ConfigKey, type PipelineConfig, type Stage } from './schema';

export { STAGES, type ConfigKey, type PipelineConfig, type Stage } from './schema';

/** What is wrong with the configuration, in one line that names the key, its value and what is allowed. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const CONFIG_KEYS = Object.keys(RULES) as readonly ConfigKey[];

/** What is about an Airflow environment and nothing else. */
const ENVIRONMENT_KEYS = ['natGateways', 'airflowClass', 'airflowWebserver'] as const satisfies readonly ConfigKey[];

const isKey = (name: string): name is ConfigKey => Object.hasOwn(RULES, name);

/**
 * The configuration of a stage with overrides.
 *
 * @param overrides what the user set, e.g. by `-c key=value`: text or typed values
 * @param hostArchitecture of the machine that synthesizes, which stage `local` takes as the functions run on it
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
  const orchestrator = (set['orchestrator'] ?? DEFAULTS[stage].orchestrator) as PipelineConfig['orchestrator'];
  const stray = ENVIRONMENT_KEYS.find((key) => key in set);
  if (orchestrator !== 'mwaa' && stray) {
    throw new ConfigError(
      `${stray} must be left out where orchestrator is ${orchestrator}, got ${String(set[stray])}: there is no Airflow environment`,
    );
  }
  const network = orchestrator === 'mwaa' ? {} : { natGateways: 0 };
  const host = stage === 'local' ? { architecture: hostArchitecture } : {};
  const asked = { ...DEFAULTS[stage], ...network, ...host, ...set };
  // The local run has neither the limits of AWS nor the load of a stage.
  const local = stage === 'local';
  const config: PipelineConfig = Object.freeze(local ? asked : sized(asked, new Set(Object.keys(set))));
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
  const parsed = RULES[name].parse(given);
  if (parsed === undefined) {
    throw new ConfigError(`${name} must be ${RULES[name].allowed}, got '${String(given).slice(0, 60)}'`);
  }
  return parsed;
}

/**
 * The context keys that are ours: those of CDK start with `@` or have a colon.
 * @param context everything in the app's context
 */
export function overridesIn(context: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(context).filter(([key]) => !key.startsWith('@') && !key.includes(':')));
}

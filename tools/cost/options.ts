/** The command line of `npm run cost`. */
import { parseArgs } from 'node:util';
import { loadConfig, type PipelineConfig } from '../../lib/config';
import { type Load } from './workload';

export interface CostOptions extends Load {
  readonly config: PipelineConfig;
  readonly json: boolean;
}

export const USAGE = `npm run cost -- --rate R [--stage S] [--batch B] [-c key=value …] [--json]

  --stage S      dev, lean or prod (default dev)
  --rate R       posts a second, all through the month
  --batch B      posts in a request (default 100)
  -c key=value   override a key of the configuration, as with cdk; may be repeated
  --json         print JSON: perMillionPosts, monthly, components, levers …`;

const STAGES = ['dev', 'lean', 'prod'];
const MOST = 1_000_000;

/** @throws Error of one line that names the option, its value and what is allowed */
export function parseCostOptions(argv: readonly string[]): CostOptions | 'help' {
  const values = parsed(argv);
  if (values.help) return 'help';
  if (!STAGES.includes(values.stage)) {
    throw new Error(`--stage must be one of ${STAGES.join(', ')}, got '${short(values.stage)}'`);
  }
  return {
    rate: number('rate', values.rate, 0.001),
    batch: whole('batch', values.batch),
    config: loadConfig({ ...overrides(values.context), stage: values.stage }),
    json: values.json,
  };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        stage: { type: 'string', default: 'dev' },
        rate: { type: 'string' },
        batch: { type: 'string', default: '100' },
        context: { type: 'string', short: 'c', multiple: true, default: [] as string[] },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    const reason = (error as Error).message.split(/[.\n]/)[0];
    throw new Error(`${reason}: allowed are --stage, --rate, --batch, -c key=value, --json, --help`);
  }
}

const short = (text: string) => text.slice(0, 60);

function number(name: string, text: string | undefined, least: number): number {
  const value = text !== undefined && /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= MOST)) {
    throw new Error(
      `--${name} must be a number from ${least} to ${MOST}, ${text === undefined ? 'but is missing' : `got '${short(text)}'`}`,
    );
  }
  return value;
}

/** Posts that fit a request of 5 MB even if each has a few hundred bytes only. */
const MOST_IN_REQUEST = 10_000;

function whole(name: string, text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= MOST_IN_REQUEST)) {
    throw new Error(`--${name} must be a whole number from 1 to ${MOST_IN_REQUEST}, got '${short(text)}'`);
  }
  return value;
}

function overrides(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Error(`-c must be key=value, got '${short(pair)}'`);
      const key = pair.slice(0, at);
      if (key === 'stage') throw new Error(`-c must not set stage, got '${short(pair)}': use --stage`);
      return [key, pair.slice(at + 1)];
    }),
  );
}

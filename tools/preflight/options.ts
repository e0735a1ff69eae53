/** The command line of `npm run preflight`. */
import { parseArgs } from 'node:util';
import { loadConfig, type PipelineConfig, STAGES } from '../../lib/config';

export const USAGE = `npm run preflight -- [--stage S] [-c key=value …]

  --stage S      stage to deploy (default dev)
  -c key=value   override a key of the configuration, as with cdk; may be repeated

Checks the account and region before a deployment. Nothing is changed. Exits with 1 if a check fails.`;

/** All stages but the one of the local run. */
const DEPLOYED: readonly string[] = STAGES.filter((stage) => stage !== 'local');

/** @throws Error of one line that names the option, its value and what is allowed */
export function parsePreflightOptions(argv: readonly string[]): PipelineConfig | 'help' {
  const values = parsed(argv);
  if (values.help) return 'help';
  if (!DEPLOYED.includes(values.stage)) {
    throw new Error(`--stage must be one of ${DEPLOYED.join(', ')}, got '${values.stage.slice(0, 60)}'`);
  }
  const overrides = values.context.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new Error(`-c must be key=value, got '${pair.slice(0, 60)}'`);
    const key = pair.slice(0, at);
    if (key === 'stage') throw new Error(`-c must not set stage, got '${pair.slice(0, 60)}': use --stage`);
    return [key, pair.slice(at + 1)] as const;
  });
  return loadConfig({ ...Object.fromEntries(overrides), stage: values.stage });
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        stage: { type: 'string', default: 'dev' },
        context: { type: 'string', short: 'c', multiple: true, default: [] as string[] },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    const reason = (error as Error).message.split(/[.\n]/)[0];
    throw new Error(`${reason}: allowed are --stage, -c key=value, --help`);
  }
}

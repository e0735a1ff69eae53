/** Runs the real CDK command line, against the emulator instead of AWS where the environment says so. */
import { delimiter, dirname, join } from 'node:path';
import { REGION } from '../assembly/local-account';
import { ROOT } from '../kit/root';
import { type Ended, runToEnd } from '../kit/run-to-end';

/** The emulator's root user. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' } as const;

/** An environment without the user's own credentials, configuration and caches. */
export function environment(home: string, endpoint?: string): NodeJS.ProcessEnv {
  return {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: home,
    // CDK caches the account of an access key here, and each emulator has another account.
    CDK_HOME: join(home, '.cdk'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...CREDENTIALS,
    ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint }),
  };
}

export interface CdkOptions {
  /** Folder for caches and logs, absolute; the command runs in it, since CDK would synthesize first where cdk.json is. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs `cdk <args>`. `name` names the log. */
export function cdk(name: string, args: readonly string[], { dir, env }: CdkOptions): Promise<Ended> {
  const cli = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  return runToEnd(process.execPath, [cli, ...args, '--ci'], {
    cwd: dir,
    env,
    log: join(dir, `${name}.log`),
  });
}

/** One line of a failed command's output: the first resource that failed, else CDK's last message. */
export function reasonOf({ code, output }: Ended): string {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const line =
    lines.find((each) => /\| (CREATE|UPDATE|DELETE)_FAILED/.test(each)) ??
    lines.find((each) => /Unrecognized resource types/.test(each)) ??
    lines.find((each) => each.startsWith('❌') || /^\S*Error:/.test(each)) ??
    lines.at(-1);
  return line?.replace(/\s+/g, ' ').slice(0, 400) ?? `exit code ${code}`;
}

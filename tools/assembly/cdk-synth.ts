/** `cdk synth` as a user runs it: bundled, and validated by the rules of `lib/rules`. `synthesize.ts` is faster and does neither. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../kit/root';

const LONGEST_REASON = 2_000;

/**
 * @param settings keys of the configuration, with the stage
 * @param output folder for the cloud assembly
 * @param env environment of the command. @default - the environment of this process
 * @throws Error with the end of what the command printed
 */
export function cdkSynth(
  settings: Readonly<Record<string, unknown>>,
  output: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const context = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${String(value)}`]);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cdk, 'synth', '--quiet', '--no-notices', ...context, '--output', output], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
    });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`cdk synth ended with code ${code}:\n${errors.trim().slice(-LONGEST_REASON)}`)),
    );
  });
}

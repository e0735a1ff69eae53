/** `cdk synth` as a user runs it: bundled, and validated by the rules of `lib/rules`. `synthesize.ts` is faster and does neither. */
import { join } from 'node:path';
import { ROOT } from '../kit/root';
import { runToEnd } from '../kit/run-to-end';

const LONGEST_REASON = 2_000;

/**
 * @param settings keys of the configuration, with the stage
 * @param output folder for the cloud assembly
 * @param env environment of the command. @default - the environment of this process
 * @throws Error with the end of what the command printed
 */
export async function cdkSynth(
  settings: Readonly<Record<string, unknown>>,
  output: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  const cdk = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const context = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${String(value)}`]);
  const args = [cdk, 'synth', '--quiet', '--no-notices', ...context, '--output', output];
  const ended = await runToEnd(process.execPath, args, {
    cwd: ROOT,
    env: { ...env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
  if (ended.code !== 0) {
    throw new Error(`cdk synth ended with code ${ended.code}:\n${ended.output.trim().slice(-LONGEST_REASON)}`);
  }
}

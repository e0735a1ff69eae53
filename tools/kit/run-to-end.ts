import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Ended {
  /** 1 if a signal ended it. */
  readonly code: number;
  /** What it printed, errors included. */
  readonly output: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** A file that gets the output as it comes. @default - none */
  readonly log?: string;
}

/** Runs a command to its end, whatever its exit code. @throws Error if it can't be started */
export function runToEnd(command: string, args: readonly string[], { cwd, env, log }: RunOptions): Promise<Ended> {
  if (log !== undefined) mkdirSync(dirname(log), { recursive: true });
  const file = log === undefined ? undefined : createWriteStream(log);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        file?.write(text);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      const ended = { code: code ?? 1, output };
      if (file) file.end(() => resolve(ended));
      else resolve(ended);
    });
  });
}

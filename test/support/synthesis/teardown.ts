import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { FOLDER, setting } from './folder';

/** After the last test: ends the process and what it made. */
export default async function teardown(): Promise<void> {
  const { synthesizer } = globalThis;
  if (synthesizer.exitCode === null && synthesizer.signalCode === null) {
    const ended = once(synthesizer, 'exit');
    synthesizer.kill();
    await ended;
  }
  rmSync(setting(FOLDER), { recursive: true, force: true });
}

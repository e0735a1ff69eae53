/*
 * Installs the engines into ENGINES_HOME/engines from the lock files of this package. Plain JavaScript without dependencies,
 * Node 20 or later. What is there and unchanged is left alone, so a second call ends at once.
 *
 *   node install/install.mjs                  everything but the optional engines
 *   node install/install.mjs --only kafka,s3  these, and what they need
 *
 * A project with more to install imports STEPS and calls `main` with its own steps added.
 */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { main } from './runner.mjs';
import { STEPS } from './steps.mjs';

export { execute, fingerprint, SetupError } from './shared.mjs';
export { main } from './runner.mjs';
export { STEPS, systemPackages } from './steps.mjs';

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(STEPS);
}

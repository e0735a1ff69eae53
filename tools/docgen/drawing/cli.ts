/** `npm run drawing`: writes docs/architecture.svg and docs/dashboards/ from freshly synthesized templates. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../lib/config';
import { synthesizeAssembly } from '../../assembly/synthesize';
import * as layouts from '../layouts/generate';
import { architecture, FILE, STAGE } from './generate';

const assemblyOf = (stage: string) => synthesizeAssembly(loadConfig({ stage }));

writeFileSync(FILE, architecture(assemblyOf(STAGE).stacks));
rmSync(layouts.FOLDER, { recursive: true, force: true });
mkdirSync(layouts.FOLDER);
for (const [name, text] of layouts.layoutFiles(assemblyOf(layouts.STAGE)))
  writeFileSync(join(layouts.FOLDER, name), text);

/** `npm run drawing`: writes docs/architecture.svg from freshly synthesized templates. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../lib/config';
import { synthesizeAssembly } from '../../local/assembly/synthesize';
import { architecture, FILE, STAGE } from './generate';

const LAYERS = join(__dirname, '..', '..', '.local', 'layers');

writeFileSync(FILE, architecture(synthesizeAssembly(loadConfig({ stage: STAGE }), { layers: LAYERS }).stacks));

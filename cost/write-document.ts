/** `tsx cost/write-document.ts`: writes docs/cost-and-scale.md. */
import { writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { document, FILE } from './document';

void format(document(), { parser: 'markdown', printWidth: 120 }).then((text) => writeFileSync(FILE, text));

/** `tsx tools/cost/write-document.ts`: writes docs/cost-and-scale.md. */
import { writeMarkdown } from '../kit/markdown';
import { document, FILE } from './document';

void writeMarkdown(FILE, document());

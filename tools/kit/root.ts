import { join } from 'node:path';

/** The repository's root, absolute. */
export const ROOT = join(__dirname, '..', '..');

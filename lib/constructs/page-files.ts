import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
const WEB = join(ROOT, 'web');

/** Folder of the page's files in the asset of `query`. */
export const PAGE_FOLDER = 'page';

/**
 * Writes the status page (`web/`) as three files. The page loads nothing from elsewhere, and the function reads the files only
 * when the page is requested.
 *
 * @param directory folder of the asset
 * @throws Error of esbuild, which names file and line, if the page can't be bundled
 */
export function writePage(directory: string): void {
  const folder = join(directory, PAGE_FOLDER);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(WEB, 'index.html'), join(folder, 'index.html'));
  buildSync({
    entryPoints: [join(WEB, 'page.ts'), join(WEB, 'page.css')],
    outdir: folder,
    absWorkingDir: ROOT,
    tsconfig: join(WEB, 'tsconfig.json'),
    bundle: true,
    platform: 'browser',
    // Supported by evergreen browsers of the last two years.
    target: ['es2023', 'safari17.5', 'chrome123', 'firefox120'],
    format: 'iife',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  });
}

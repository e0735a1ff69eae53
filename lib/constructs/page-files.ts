import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');
const WEB = join(ROOT, 'web');

/** Folder of the page's files in the asset of `query`. */
export const PAGE_FOLDER = 'page';

/**
 * The status page (`web/`) as three files: nothing of it is fetched from anywhere else, and the function reads them only
 * when the page is asked for.
 *
 * @param directory of the asset
 * @throws Error of esbuild naming file and line, if the page can't be bundled
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
    // What evergreen browsers of the last two years run.
    target: ['es2023', 'safari17.5', 'chrome123', 'firefox120'],
    format: 'iife',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
  });
}

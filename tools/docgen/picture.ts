/**
 * `npm run picture`: pictures of the page of the run that is up (`npm start`), for the README. Taken from what is there, so
 * it says what was measured.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../local/page/chromium';
import { ROOT } from '../kit/root';

const PICTURES = [
  { file: 'page.png', viewport: { width: 1360, height: 1130 }, colorScheme: 'light' },
  { file: 'page-phone.png', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

async function main(): Promise<void> {
  const endpoints = readFileSync(join(ROOT, '.local', 'endpoints.json'), 'utf8');
  const { page: url } = JSON.parse(endpoints) as { page: string };
  const browser = await launchChromium();
  try {
    for (const { file, ...options } of PICTURES) {
      const page = await browser.newPage({ ...options, reducedMotion: 'reduce' });
      await page.goto(url);
      await page.waitForSelector('html[data-status=shown][data-answers=shown]');
      await page.screenshot({ path: join(ROOT, 'docs', file) });
      console.log(`docs/${file} shows ${url}`);
    }
  } finally {
    await browser.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

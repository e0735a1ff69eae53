import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium } from '../local/page/chromium';
import { type Command } from '../kit/command';
import { parse } from '../kit/options';
import { ROOT } from '../kit/root';

const SCREENSHOTS = [
  { file: 'page.png', viewport: { width: 1360, height: 1130 }, colorScheme: 'light' },
  { file: 'page-phone.png', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const;

async function run(argv: readonly string[]): Promise<void> {
  parse(argv, {});
  const endpoints = readFileSync(join(ROOT, '.local', 'endpoints.json'), 'utf8');
  const { page: url } = JSON.parse(endpoints) as { page: string };
  const browser = await launchChromium();
  try {
    for (const { file, ...options } of SCREENSHOTS) {
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

export const command: Command = { options: {}, about: 'Needs a run that is up (npm start), and Chromium.', run };

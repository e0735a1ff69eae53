import { spawnSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** Prevents the requests and dialogs of a fresh profile. */
const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * The system's Chromium with an empty profile.
 * @throws Error of one line with the command that installs it
 */
export function launchChromium(): Promise<Browser> {
  const found = ['chromium', 'chromium-browser', 'google-chrome'].find(
    (name) => spawnSync('which', [name]).status === 0,
  );
  if (!found) throw new Error('Chromium is needed: apt-get install chromium (Debian), brew install chromium (macOS)');
  const executablePath = spawnSync('which', [found], { encoding: 'utf8' }).stdout.trim();
  return chromium.launch({ executablePath, args: ARGS });
}

/** The page in a browser: the system's Chromium, without a screen. */
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import {
  type AnswerResponse,
  type AnswersResponse,
  type StatusResponse,
  type ViewResponse,
} from '../../lambda/query/api';
import { StoreUnavailableError } from '../../lambda/aws/keyspaces/keyspaces';
import { launchChromium } from '../../tools/local/page/chromium';
import { type PageRun, startPageRun } from '../support/page-run';

const NOW = Date.parse('2026-11-22T21:07:40Z');
const SHOWN = 'html[data-status=shown][data-answers=shown]';
const DESKTOP = { viewport: { width: 1360, height: 900 } };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

// A browser on a busy machine.
jest.setTimeout(60_000);

let browser: Browser;
let run: PageRun;
/** What went wrong in the browser, and what it asked of others. */
let troubles: string[];
let page: Page;

beforeAll(async () => {
  browser = await launchChromium();
  run = await startPageRun(NOW);
});
afterAll(async () => {
  await browser?.close();
  await run?.stop();
});

beforeEach(() => void (troubles = []));
afterEach(() => page?.context().close());

async function open(options: BrowserContextOptions): Promise<Page> {
  // Where it is not said otherwise, as somebody sees it who asked for less motion: to draw without a screen takes a whole core.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  page = await context.newPage();
  page.on('console', (message) => message.type() !== 'log' && troubles.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && url.origin !== run.url) troubles.push(`request to ${url.origin}`);
  });
  await page.goto(run.url);
  await page.waitForSelector(SHOWN);
  return page;
}

const ask = async <T>(path: string) => (await (await fetch(`${run.url}${path}`)).json()) as T;
const digits = (text: string | null) => Number((text ?? '').replaceAll(',', ''));
const rowsOf = (locator: string) =>
  page.$$eval(`${locator} tbody tr`, (rows) =>
    rows.map((row) => [...row.querySelectorAll('th, td')].map((cell) => cell.textContent ?? '')),
  );
const boxesOf = (selector: string) =>
  page.$$eval(selector, (elements) =>
    elements.map((element) => {
      const { x, width } = element.getBoundingClientRect();
      return { x, width };
    }),
  );
const widest = () => page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');

it('shows the numbers of the API, without an error and without a request to anybody else', async () => {
  await open({ ...DESKTOP, reducedMotion: 'no-preference' });
  const { answers } = await ask<AnswersResponse>('/answers');
  expect(answers.length).toBeGreaterThan(10);
  for (const { name } of answers) {
    const { columns, rows } = await ask<AnswerResponse>(`/answers/${name}`);
    expect(rows.length).toBeGreaterThan(0);
    const expected = rows.map((row) => columns.map((column) => String(row[column])));
    const shown = (await rowsOf(`[data-answer=${name}]`)).map((row) =>
      row.map((cell) => cell.replaceAll(/(\d),(?=\d{3})/g, '$1')),
    );
    expect({ name, shown }).toEqual({ name, shown: expected });
  }
  const { rows } = await ask<ViewResponse>('/views/posts_by_category');
  const posts = await page.textContent('.vital:has(dt:text-is("Posts")) b');
  expect(digits(posts)).toBe(rows.reduce((sum, { count }) => sum + Number(count), 0));
  expect(troubles).toEqual([]);
});

it('draws what it shows: each picture tells its largest value', async () => {
  await open({ ...DESKTOP, reducedMotion: 'no-preference' });
  const { columns, rows } = await ask<AnswerResponse>('/answers/users_joined_by_year');
  const most = Math.max(...rows.map((row) => Number(row[columns[1]])));
  const canvas = page.locator('[data-answer=users_joined_by_year] canvas');
  expect(await canvas.getAttribute('aria-label')).toContain(`the largest is ${most} persons`);
  const painted = await canvas.evaluate((element) => {
    const { width, height } = element as unknown as { width: number; height: number };
    const context = (
      element as unknown as { getContext(kind: '2d'): { getImageData(...area: number[]): { data: number[] } } }
    ).getContext('2d');
    return new Set(context.getImageData(0, 0, width, height).data).size;
  });
  expect(painted).toBeGreaterThan(10);
});

it('shows the metrics, the lag and the boundary that the status tells', async () => {
  await open(DESKTOP);
  const { steps, boundary } = await ask<StatusResponse>('/status');
  const received = steps!.find(({ step }) => step === 'ingest')!.metrics.find(({ name }) => name === 'received')!;
  const total = received.values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  expect(total).toBe(2_000);
  expect(digits(await page.textContent('[data-node=ingest] .main b'))).toBe(total);
  expect(await page.textContent('[data-node=topic] .main b')).toBe('12');
  expect(await page.textContent('[data-node=batch-store] .main b')).toBe(boundary.interval!.slice(11, 16));
  expect(await page.textContent('.vital:has(dt:text-is("Answers")) b')).toBe('right');
  expect(await page.locator('.lines path').count()).toBe(13);
});

it.each(['light', 'dark'] as const)('is legible in %s: text has the contrast of WCAG AA', async (colorScheme) => {
  await open({ ...DESKTOP, colorScheme });
  expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  const ground = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  expect(ground).toBe(colorScheme === 'light' ? 'rgb(245, 245, 242)' : 'rgb(19, 20, 23)');
});

it.each([
  ['a phone', PHONE],
  ['a tablet', { viewport: { width: 820, height: 1180 } }],
  ['a desk', DESKTOP],
])('fits %s without scrolling sideways', async (_name, options) => {
  await open(options);
  const [content, window] = await widest();
  expect(content).toBeLessThanOrEqual(window);
  const boxes = await boxesOf('.node, .vital, .charts > *');
  expect(boxes.length).toBeGreaterThan(20);
  for (const { x, width } of boxes) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(width).toBeGreaterThan(0);
    expect(x + width).toBeLessThanOrEqual(window);
  }
  expect(troubles).toEqual([]);
});

it('is used by keyboard: theme, layer and tables', async () => {
  await open({ ...DESKTOP, colorScheme: 'light' });
  const focused = () =>
    page.evaluate<string>(
      'document.activeElement.id || document.activeElement.value || document.activeElement.textContent',
    );
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the answers');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('theme');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  expect(await page.getAttribute('html', 'data-theme')).toBe('dark');
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(19, 20, 23)');

  await page.focus('input[value=merged]');
  await page.keyboard.press('ArrowRight');
  await page.waitForSelector('html[data-layer=batch]');
  const { rows } = await ask<ViewResponse>('/views/posts_by_category?layer=batch');
  expect(digits(await page.textContent('.vital:has(dt:text-is("Posts")) b'))).toBe(
    rows.reduce((sum, { count }) => sum + Number(count), 0),
  );

  await page.focus('[data-answer=users_joined_by_year] summary');
  await page.keyboard.press('Enter');
  expect(await page.isVisible('[data-answer=users_joined_by_year] table')).toBe(true);
});

it('says so when the layers differ', async () => {
  const { boundary } = run;
  run.boundary = { ...boundary!, drift: 4 };
  await open(DESKTOP);
  run.boundary = boundary;
  expect(await page.textContent('.vital:has(dt:text-is("Answers")) b')).toBe('may be wrong');
  expect(await page.textContent('[data-node=reconcile] .alert')).toBe('layers differ');
});

it('shows the answers while CloudWatch does not answer', async () => {
  await run.stop();
  run = await startPageRun(NOW);
  await run.stopMetrics();
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  await open(DESKTOP);
  write.mockRestore();
  expect(await page.textContent('[data-node=ingest] .main b')).toBe('–');
  expect((await rowsOf('[data-answer=users_joined_by_year]')).length).toBeGreaterThan(0);
  expect(await page.isVisible('#error')).toBe(false);
});

it('tells that what is seen is not current while the store is down, and keeps it', async () => {
  await open(DESKTOP);
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  run.storeFails = new StoreUnavailableError('no host available');
  await page.check('input[value=speed]', { force: true });
  await page.waitForSelector('#error:not([hidden])');
  write.mockRestore();
  expect(await page.textContent('#error')).toMatch(
    /^This page is not current: .* responded with 503: the store did not respond/,
  );
  expect((await rowsOf('[data-answer=users_joined_by_year]')).length).toBeGreaterThan(0);
  run.storeFails = undefined;
  await page.check('input[value=merged]', { force: true });
  await page.waitForSelector('#error', { state: 'hidden' });
});

/**
 * Texts whose contrast with what is behind them is below 4.5 : 1.
 * @see https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
 */
const LOW_CONTRAST = `(() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (!own || !element.checkVisibility() || element.closest('svg, .hidden, .skip, script, noscript')) continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(element.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return low;
})()`;

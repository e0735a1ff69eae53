/** An estimate as text for a terminal and as Markdown. */
import { markdownTable, textTable } from '../kit/table';
import { ASSUMPTIONS, LEFT_OUT, UPPER_BOUNDS } from './assumptions';
import { type Estimate } from './estimate';
import { RUNS } from './measured';
import { perMillion, PRICES, REGION, usd } from './prices';

const HEAD = ['component', 'fixed', 'posts add', 'a month', 'per million posts', 'basis'];

/** One row per component and one for the sum, in USD. */
export function rowsOf(result: Estimate): string[][] {
  const rows = result.components.map((each) => [
    ...[each.name, usd(each.fixed), usd(each.usage), usd(each.monthly), perMillion(each.perMillionPosts)],
    each.basis,
  ]);
  const { fixed, usage, monthly, perMillionPosts, usagePerMillionPosts } = result;
  const basis = `without fixed costs ${perMillion(usagePerMillionPosts)} per million posts`;
  return [...rows, ['Sum', usd(fixed), usd(usage), usd(monthly), perMillion(perMillionPosts), basis]];
}

export const asMarkdown = (result: Estimate): string => markdownTable(HEAD, rowsOf(result));

export function asText(result: Estimate): string {
  const table = textTable(rowsOf(result), {
    head: HEAD,
    align: ['left', 'right', 'right', 'right', 'right', 'left'],
  });
  const { stage, rate, batch, posts, warnings, levers } = result;
  const fromMemory = Object.values(PRICES).filter(({ source }) => source.includes('from memory')).length;
  return [
    `Stage ${stage} at ${rate} posts a second, ${batch} a request: ${usd(posts / 1e6)} million posts a month. USD, ${REGION}.`,
    table,
    ...warnings.map((warning) => `Warning: ${warning}`),
    `Largest lever left: ${levers.length === 0 ? 'none' : `${levers[0].name}: ${usd(levers[0].saves)} a month`}`,
    ...levers.map(({ name, saves, givesUp }) => `  ${usd(saves).padStart(6)}  ${name} (gives up: ${givesUp})`),
    `Measured: ${RUNS.map(({ command, date }) => `${command} (${date})`).join('; ')}`,
    `Prices: tools/cost/prices.ts, ${fromMemory} of ${Object.keys(PRICES).length} from memory: check those before quoting.`,
    'Assumed:',
    ...Object.values(ASSUMPTIONS).map(({ value, text }) => `  ${value} ${text}`),
    'Taken at the upper bound:',
    ...UPPER_BOUNDS.map((text) => `  ${text}`),
    'Left out:',
    ...LEFT_OUT.map((text) => `  ${text}`),
    '',
  ].join('\n');
}

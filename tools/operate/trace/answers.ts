/** What the query API answers for the rows of views that count a post. */
import { type ViewResponse } from '../../../lambda/query/api';
import { type Sign } from '../../loadgen/sign';
import { type Answered } from './text';
import { type TracedRow } from './trace';

/** @throws Error with the status if the API does not answer */
export async function answersFor(url: URL, sign: Sign | undefined, rows: readonly TracedRow[]): Promise<Answered[]> {
  const asked = new Map<string, Answered>();
  for (const { view, dimensions } of rows.flatMap(({ views }) => views)) {
    const target = new URL(`${url.pathname.replace(/\/$/, '')}/views/${view.name}`, url);
    view.dimensions.forEach((name, i) => target.searchParams.set(name, String(dimensions[i])));
    if (asked.has(target.href)) continue;
    const response = await fetch(target, { headers: await sign?.(target, 'GET', {}, '') });
    if (!response.ok) throw new Error(`GET ${target.pathname} returned ${response.status}: ${await response.text()}`);
    const { rows: found, columns, asOf } = (await response.json()) as ViewResponse;
    const value = found.at(0)?.[columns.at(-1)!];
    asked.set(target.href, {
      view: view.name,
      dimensions,
      value: value === undefined ? undefined : Number(value),
      asOf,
    });
  }
  return [...asked.values()];
}

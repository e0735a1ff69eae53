/** Everything that the query API returns, for all layers. */
import { writeFileSync } from 'node:fs';
import { type Answer, type AnswerRow, type Layer, LAYERS, type QueryClient } from './query-client';
import { type Counters } from './tables';

export interface Collected {
  readonly columns: Readonly<Record<string, readonly string[]>>;
  readonly answers: Readonly<Record<Layer, Readonly<Record<string, readonly AnswerRow[]>>>>;
  readonly views: Readonly<Record<string, Readonly<Record<'batch' | 'speed', readonly AnswerRow[]>>>>;
}

export async function collect(query: QueryClient): Promise<Collected> {
  const names = await query.answerNames();
  const columns: Record<string, readonly string[]> = {};
  const answers = {} as Record<Layer, Record<string, readonly AnswerRow[]>>;
  for (const layer of LAYERS) {
    const found = await Promise.all(
      names.map(async (name): Promise<[string, Answer]> => [name, await query.answer(name, layer)]),
    );
    answers[layer] = Object.fromEntries(found.map(([name, { rows }]) => [name, rows]));
    for (const [name, answer] of found) columns[name] = answer.columns;
  }
  const views: Record<string, Record<'batch' | 'speed', readonly AnswerRow[]>> = {};
  for (const name of await query.viewNames()) {
    const [batch, speed] = await Promise.all([query.view(name, 'batch'), query.view(name, 'speed')]);
    views[name] = { batch: batch.rows, speed: speed.rows };
  }
  return { columns, answers, views };
}

/** `{"merged":{name:[rows]},"batch":…,"speed":…,"views":{name:{"batch":n,"speed":n}},"counters":…,"timings":…}` */
export function writeAnswers(
  file: string,
  { answers, views }: Collected,
  counters: Counters,
  timings: Readonly<Record<string, number>>,
): void {
  const rows = Object.entries(views).map(([name, { batch, speed }]) => [
    name,
    { batch: batch.length, speed: speed.length },
  ]);
  writeFileSync(
    file,
    `${JSON.stringify({ ...answers, views: Object.fromEntries(rows), counters, timings }, null, 2)}\n`,
  );
}

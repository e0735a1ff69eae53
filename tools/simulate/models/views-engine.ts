/**
 * The views of intervals, as the Spark job computes them: from the posts that the manifest names, by the view list that is in the lake,
 * and what is current is left out.
 */
import { type ObjectStore, ifFound } from '../../../lambda/aws/s3';
import { columnsOf, type Section, type Sections } from '../../../lambda/domain/columns';
import { intervalName, type IntervalStart } from '../../../lambda/domain/intervals';
import { type Row } from '../../../lambda/domain/sorted-run';
import { type View } from '../../../lambda/domain/views';
import { serialize, type Manifest } from '../../../lambda/formats/interval-metadata';
import {
  manifestKey,
  postsKey,
  SPARK_VIEWS_KEY,
  viewKey,
  viewsDoneKey,
  viewsListKey,
} from '../../../lambda/formats/keys';
import { type ViewsList } from '../../../lambda/formats/plan';
import { sha256 } from '../../../lambda/runtime/digest';
import { type PostRow, readRows } from './compaction';
import { add, contribution, trim, sortedRows, type Counts } from '../../kit/counts';

/** An object of a views engine. */
export function viewObject(view: View, interval: IntervalStart, rows: readonly Row[]): string {
  const lines = [
    { view: view.name, interval: intervalName(interval) },
    ...rows.map(({ key, value }) => [...key, value]),
    { rows: rows.length },
  ];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

type Lake = Pick<ObjectStore, 'get' | 'put'>;

const textOf = async (lake: Lake, key: string): Promise<string | undefined> =>
  (await ifFound(lake.get(key)))?.toString();

function sectionsOf({ sections, columns }: PostRow): Sections {
  const of = (section: Section) =>
    Object.fromEntries(columnsOf(section).map(({ name }) => [name, columns[name] ?? null]));
  return Object.fromEntries(sections.map((section) => [section, of(section)])) as Sections;
}

async function compute(lake: Lake, interval: IntervalStart, views: readonly View[], definition: string): Promise<void> {
  const text = (await lake.get(manifestKey(interval))).toString();
  const manifest = JSON.parse(text) as Manifest;
  const rows: PostRow[] = [];
  for (const part of manifest.partitions.filter(({ rows: some }) => some > 0)) {
    const found = readRows<PostRow>(await lake.get(postsKey(interval, part.partition)));
    if (found.length !== part.rows) {
      throw new Error(
        `partition ${part.partition} of ${manifest.interval} must have ${part.rows} rows, got ${found.length}`,
      );
    }
    rows.push(...found);
  }
  const keys: Record<string, number> = {};
  const posts = rows.map((row) => ({ sections: sectionsOf(row), news: row.new_sections }));
  for (const view of views) {
    const counts: Counts = new Map();
    for (const { sections, news } of posts) {
      const found = contribution(view, sections, news);
      if (found) add(view, counts, found.key, found.value);
    }
    trim(view, counts);
    keys[view.name] = counts.size;
    await lake.put(viewKey(interval, view.name), viewObject(view, interval, sortedRows(view, counts)));
  }
  const done = { interval: manifest.interval, rows: manifest.rows, views: keys, manifest: sha256(text), definition };
  await lake.put(viewsDoneKey(interval), serialize(done));
}

/** One job, for the intervals that the list of the run names. @param work how long an interval takes @returns how many were computed */
export async function runViewsJob(
  lake: Lake,
  run: string,
  startOf: (name: string) => IntervalStart,
  work: () => Promise<void>,
): Promise<number> {
  const definitionText = (await lake.get(SPARK_VIEWS_KEY)).toString();
  const definition = sha256(definitionText);
  const views = JSON.parse(definitionText) as View[];
  const list = JSON.parse((await textOf(lake, viewsListKey)) ?? '{}') as Partial<ViewsList>;
  const intervals = list.run === run ? list.intervals! : [];
  let computed = 0;
  for (const interval of intervals.map(startOf)) {
    const done = JSON.parse((await textOf(lake, viewsDoneKey(interval))) ?? '{}') as Record<string, unknown>;
    const manifest = sha256((await lake.get(manifestKey(interval))).toString());
    if (done.manifest === manifest && done.definition === definition) continue;
    await work();
    await compute(lake, interval, views, definition);
    computed++;
  }
  return computed;
}

/** Whether the views of an interval are there, and are those of its manifest and of the list of views. */
import { type IntervalStart } from '../domain/intervals';
import { VIEWS, viewsAsJson } from '../domain/views';
import { type ViewsDone } from '../formats/interval-metadata';
import { viewsDoneKey } from '../formats/keys';
import { sha256 } from '../runtime/digest';
import { ifFound, type ObjectStore } from './s3';

/** What the views engine noted last. Undefined if the views are not computed, or by another list of views: their rows would be misread. */
export async function viewsDone(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  views = VIEWS,
): Promise<ViewsDone | undefined> {
  const text = (await ifFound(store.get(viewsDoneKey(interval))))?.toString('utf8');
  if (text === undefined) return undefined;
  const done = JSON.parse(text) as ViewsDone;
  return done.definition === sha256(viewsAsJson(views)) ? done : undefined;
}

/** @param manifest digest of the manifest of the interval. False also for views of another one, or of another list of views. */
export async function areViewsCurrent(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  manifest: string,
  views = VIEWS,
): Promise<boolean> {
  return (await viewsDone(store, interval, views))?.manifest === manifest;
}

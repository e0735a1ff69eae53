/** Whether the views of an interval are there, and are those of its manifest. */
import { type IntervalStart } from '../domain/intervals';
import { VIEWS, viewsAsJson } from '../domain/views';
import { type ViewsDone } from '../formats/interval-metadata';
import { viewsDoneKey } from '../formats/keys';
import { sha256 } from '../runtime/digest';
import { NotFoundError, type ObjectStore } from './s3';

/** @param manifest digest of the manifest of the interval. False also for views of another one, or of another list of views. */
export async function areViewsCurrent(
  store: Pick<ObjectStore, 'get'>,
  interval: IntervalStart,
  manifest: string,
  views = VIEWS,
): Promise<boolean> {
  try {
    const done = JSON.parse((await store.get(viewsDoneKey(interval))).toString('utf8')) as ViewsDone;
    return done.manifest === manifest && done.definition === sha256(viewsAsJson(views));
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

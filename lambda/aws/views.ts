/** Whether the views of an interval are there, and are those of what its manifest says now. */
import { createHash } from 'node:crypto';
import { type IntervalStart } from '../domain/intervals';
import { viewsAsJson } from '../domain/views';
import { manifestKey, viewsDoneKey } from '../formats/keys';
import { NotFoundError, type ObjectStore } from './s3';

/** `views/interval=…/_SUCCESS`, written last by the views engine. */
export interface ViewsDone {
  readonly interval: string;
  /** Posts. */
  readonly rows: number;
  /** Keys by view. */
  readonly views: Readonly<Record<string, number>>;
  /** SHA-256 of the manifest that was read, hex. Absent where the engine was older. */
  readonly manifest?: string;
  /** SHA-256 of the view list, hex. */
  readonly definition?: string;
}

export const sha256 = (content: Buffer | string) => createHash('sha256').update(content).digest('hex');

/** False also for views of another manifest or of another list of views: they have to be computed again. */
export async function areViewsCurrent(store: Pick<ObjectStore, 'get'>, interval: IntervalStart): Promise<boolean> {
  try {
    const [manifest, text] = await Promise.all([store.get(manifestKey(interval)), store.get(viewsDoneKey(interval))]);
    const done = JSON.parse(text.toString('utf8')) as ViewsDone;
    return done.manifest === sha256(manifest) && done.definition === sha256(viewsAsJson());
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}

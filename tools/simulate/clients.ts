/** Clients: send posts and repeat what was not acknowledged; ask questions, and compare the answers with the reference. */
import { type IngestResponse } from '../../lambda/ingest/api';
import { type Layer, type ViewResponse } from '../../lambda/query/api';
import { type View } from '../../lambda/domain/views';
import { type HttpResponse } from '../../lambda/runtime/http';
import { type Send } from './plan';
import { type SimulatedPost } from './posts';
import { keyText, type Expected } from './reference';
import { type Simulation } from './simulation';
import { InvariantError } from './world';

const request = (method: string, rawPath: string, query = '', body?: unknown) => ({
  rawPath,
  rawQueryString: query,
  headers: { 'content-type': 'application/json' },
  body: body === undefined ? null : JSON.stringify(body),
  requestContext: { http: { method } },
});

interface Sent {
  /** Undefined for what is none. */
  readonly post: SimulatedPost | undefined;
  readonly body: unknown;
}

/** One section goes flat, as older clients send it. */
function bodyOf(post: SimulatedPost, sections: Send['posts'][number]['sections']): unknown {
  if (sections.length === 1) return post.sent[sections[0]];
  return Object.fromEntries(sections.map((section) => [section, post.sent[section]]));
}

/** No posts. */
const HOSTILE: readonly unknown[] = [{}, 'post', null, { index: 'x' }, { index: 1.5, category: 'art' }];

/**
 * Sends until all is acknowledged. What is acknowledged must be on the topic where it says, and what is no post is rejected whatever
 * stands beside it.
 */
export async function send(simulation: Simulation, { posts, version, again, hostileAt }: Send): Promise<void> {
  const { world, topic } = simulation;
  const random = world.random.stream(`send ${world.now} ${posts[0].index}`);
  for (let round = 0; round < (again === undefined ? 1 : 2); round++) {
    if (round > 0) await world.sleep(again!.after, '');
    const all = posts.map(({ index, sections }): Sent => {
      const post = simulation.posts.get(index)![round > 0 ? again!.version : version];
      return { post, body: bodyOf(post, sections) };
    });
    if (hostileAt !== undefined) all.splice(hostileAt, 0, { post: undefined, body: random.pick(HOSTILE) });
    for (let left = all; left.length > 0;) {
      const body = left.length === 1 ? left[0].body : left.map((each) => each.body);
      const response = (await simulation.functions.ingest
        .invoke(request('POST', '/posts', '', body))
        .catch(() => undefined)) as HttpResponse | undefined;
      const results = response && (JSON.parse(response.body) as Partial<IngestResponse>).results;
      results?.forEach((result, i) => {
        const { post } = left[i];
        const isRejected = result.status === 400 || result.status === 413;
        if (isRejected !== (post === undefined)) {
          throw new InvariantError('accepted', `${JSON.stringify(left[i].body)} got ${JSON.stringify(result)}`);
        }
        if (result.status !== 202) return;
        const record = topic.partitions[result.partition].records.at(result.offset);
        if (record?.key?.toString() === String(post?.index)) return;
        throw new InvariantError('stored', `post ${post?.index} was acknowledged, and is not at its offset`);
      });
      left = left.filter(({ post }, i) => !results || (post && results[i].status !== 202));
      if (left.length > 0) await world.sleep(random.integer(1_000, 20_000), '');
    }
  }
}

export interface Answer {
  readonly counts: Expected;
  /** ms; 0 if it claims nothing. */
  readonly asOf: number;
  /** ms; undefined if nothing is published. */
  readonly boundary: number | undefined;
}

/** Reads a view, page by page. @returns undefined if there was no answer */
export async function ask(
  simulation: Simulation,
  view: View,
  layer: Layer,
  limit?: number,
): Promise<Answer | undefined> {
  const counts = new Map<string, number>();
  let cursor: string | undefined;
  let first: ViewResponse | undefined;
  do {
    const query = new URLSearchParams({ layer, ...(limit && { limit: String(limit) }), ...(cursor && { cursor }) });
    const response = (await simulation.functions.query
      .invoke(request('GET', `/views/${view.name}`, query.toString()))
      .catch(() => undefined)) as HttpResponse | undefined;
    if (response?.statusCode !== 200) return undefined;
    const page = JSON.parse(response.body) as ViewResponse;
    first ??= page;
    for (const row of page.rows) {
      const values = page.columns.map((column) => row[column]);
      const key = keyText(values.slice(0, -1));
      if (counts.has(key)) throw new InvariantError('pages', `view ${view.name} has key ${key} on two pages`);
      counts.set(key, Number(values[values.length - 1]));
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return {
    counts,
    asOf: first.asOf === null ? 0 : Date.parse(first.asOf),
    boundary: first.boundary === null ? undefined : Date.parse(first.boundary),
  };
}

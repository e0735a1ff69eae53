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
  const [{ sections }] = posts;
  // What has fields of two sections must say which one it is.
  const isNamed = sections.length === 1 && posts.every((post) => post.sections.join() === sections.join());
  const mustName = posts.some(
    ({ index, sections: some }) => some.length === 1 && simulation.posts.get(index)![0].strict,
  );
  if (mustName && !isNamed) {
    for (const post of posts) simulation.world.spawn(() => send(simulation, { at: 0, posts: [post], version, again }));
    return;
  }
  const { world, topic } = simulation;
  const random = world.random.stream(`send ${world.now} ${posts[0].index}`);
  const path = isNamed && (mustName || random.chance(0.5)) ? `/${sections[0]}` : '/posts';
  for (let round = 0; round < (again === undefined ? 1 : 2); round++) {
    if (round > 0) await world.sleep(again!.after, '');
    const all = posts.map(({ index, sections }): Sent => {
      const post = simulation.posts.get(index)![round > 0 ? again!.version : version];
      return { post, body: bodyOf(post, sections) };
    });
    if (hostileAt !== undefined) all.splice(hostileAt, 0, { post: undefined, body: random.pick(HOSTILE) });
    for (let left = all; left.length > 0;) {
      await world.sleep(Math.max(0, simulation.sendersStopUntil - world.now), '');
      const body = left.length === 1 ? left[0].body : left.map((each) => each.body);
      const response = (await simulation.functions.ingest
        .invoke(request('POST', path, '', body))
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

export interface Question {
  readonly layer: Layer;
  /** Rows of a page. @default - as many as fit */
  readonly limit?: number;
  /** How long the client waits before each further page, ms. */
  readonly pauseMs?: number;
  /** The largest rows only. */
  readonly top?: number;
  /** Intervals that start in `[from, to)`, ms. */
  readonly from?: number;
  readonly to?: number;
  /** A value of a dimension, as it is sent, and as rows have it. */
  readonly filter?: { readonly dimension: string; readonly sent: string; readonly value: string };
}

export interface Answer {
  readonly counts: Expected;
  /** ms; 0 if it claims nothing. */
  readonly asOf: number;
  /** ms; undefined if nothing is published. */
  readonly boundary: number | undefined;
}

/** Reads a view, page by page. @returns undefined if there was no answer, or the pages were of rows that are gone */
export async function ask(simulation: Simulation, view: View, question: Question): Promise<Answer | undefined> {
  const { layer, limit, top, from, to, filter, pauseMs = 0 } = question;
  const instant = (at: number) => new Date(at).toISOString();
  const counts = new Map<string, number>();
  let cursor: string | undefined;
  let first: ViewResponse | undefined;
  do {
    if (cursor !== undefined && pauseMs > 0) await simulation.world.sleep(pauseMs, '');
    const query = new URLSearchParams({
      ...{ layer, ...(limit && { limit: String(limit) }), ...(top && { top: String(top) }), ...(cursor && { cursor }) },
      ...{ ...(from && { from: instant(from) }), ...(to && { to: instant(to) }) },
      ...(filter && { [filter.dimension]: filter.sent }),
    });
    const response = (await simulation.functions.query
      .invoke(request('GET', `/views/${view.name}`, query.toString()))
      .catch(() => undefined)) as HttpResponse | undefined;
    if (response?.statusCode !== 200) return undefined;
    const page = JSON.parse(response.body) as ViewResponse;
    first ??= page;
    const most = limit ?? top ?? Infinity;
    if (page.rows.length > most) {
      throw new InvariantError('pages', `view ${view.name} has ${page.rows.length} rows in a page of ${most}`);
    }
    for (const row of page.rows) {
      const key = keyText(view.dimensions.map((column) => row[column]));
      if (counts.has(key)) throw new InvariantError('pages', `view ${view.name} has key ${key} on two pages`);
      counts.set(key, Number(row[page.columns[page.columns.length - 1]]));
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return {
    counts,
    asOf: first.asOf === null ? 0 : Date.parse(first.asOf),
    boundary: first.boundary === null ? undefined : Date.parse(first.boundary),
  };
}

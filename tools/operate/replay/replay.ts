/**
 * Sends quarantined records again through ingest: as new records at the end of the log. An accepted record is moved to
 * `quarantine/replayed/`. An interrupted run may send one record twice when it is repeated, which changes no answer: the first
 * of a section counts.
 */
import { type IngestResponse } from '../../../lambda/ingest/api';
import { type HttpResponse, type HttpEvent } from '../../../lambda/runtime/http';
import { PREFIXES } from '../../../lambda/formats/keys';
import { type OperatorLake } from '../lake';
import { candidate, type Filter } from './core';

export interface ReplayDeps {
  readonly lake: Pick<OperatorLake, 'get' | 'put' | 'list' | 'delete'>;
  /** The ingest function; undefined for a dry run. */
  readonly ingest: ((event: HttpEvent) => Promise<HttpResponse>) | undefined;
  say(line: string): void;
}

export interface Replayed {
  /** Posts by the rules of now; with `ingest`, all of them were accepted and moved. */
  readonly posts: number;
  /** Still rejected, not moved. */
  readonly rejected: number;
}

export const REPLAYED = `${PREFIXES.quarantine}replayed/`;

function eventOf(payload: Buffer): HttpEvent {
  return {
    rawPath: '/posts',
    headers: { 'content-type': 'application/json' },
    body: payload.toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method: 'POST' } },
  };
}

/** @throws Error of one line unless all of the record is in the log, and will not be quarantined again */
function requireTaken(key: string, { statusCode, body }: HttpResponse): void {
  if (statusCode !== 202) throw new Error(`object '${key}' was not accepted: ingest responded with ${statusCode}`);
  const { results } = JSON.parse(body) as IngestResponse;
  if (results.some((result) => 'quarantine' in result)) {
    throw new Error(`object '${key}' goes to quarantine again: the deployed rules are older than these, deploy first`);
  }
}

/**
 * In the order of offsets, so sections keep their order.
 * @throws the first error: what was accepted until then is moved
 */
export async function replay({ lake, ingest, say }: ReplayDeps, topic: string, filter: Filter): Promise<Replayed> {
  const prefix = `${PREFIXES.quarantine}${topic}/`;
  let posts = 0;
  let rejected = 0;
  for await (const { key } of lake.list({ prefix })) {
    const body = await lake.get(key);
    const found = candidate(body.toString('utf8'), filter);
    if (!found) continue;
    if (found.rejected !== undefined) {
      rejected++;
      continue;
    }
    if (ingest) {
      requireTaken(key, await ingest(eventOf(found.payload)));
      await lake.put(`${REPLAYED}${key.slice(PREFIXES.quarantine.length)}`, body, { contentType: 'application/json' });
      await lake.delete(key);
    }
    posts++;
    say(`${ingest ? 'replayed' : 'a post now'}: ${key}`);
  }
  return { posts, rejected };
}

/**
 * Sends quarantined records again through ingest, as new records at the end of the log. It moves an accepted record to
 * `quarantine/replayed/`. After an interrupted run, a repeated run may send one record twice. That changes no query result, because
 * the first record of a section counts.
 */
import { type IngestResponse } from '../../../lambda/ingest/api';
import { type HttpResponse, type HttpEvent } from '../../../lambda/runtime/http';
import { PREFIXES } from '../../../lambda/formats/keys';
import { type OperatorLake } from '../lake';
import { candidate, type Candidate, type Filter } from './core';

export interface ReplayDeps {
  readonly lake: Pick<OperatorLake, 'get' | 'put' | 'list' | 'delete'>;
  /** The ingest function; undefined for a dry run. */
  readonly ingest: ((event: HttpEvent) => Promise<HttpResponse>) | undefined;
  say(line: string): void;
}

export interface Replayed {
  /** Posts by the current rules. With `ingest`, all of them were accepted and moved. */
  readonly posts: number;
  /** Records that are still rejected and not moved. */
  readonly rejected: number;
}

export const REPLAYED = `${PREFIXES.quarantine}replayed/`;

/** To the path that names the section: by the fields alone, a section may look like another one, or like an envelope. */
function eventOf({ section = 'posts', payload }: Candidate): HttpEvent {
  return {
    rawPath: `/${section}`,
    headers: { 'content-type': 'application/json' },
    body: payload.toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method: 'POST' } },
  };
}

/**
 * Whether ingest takes the record; it may reject what was never sent through it.
 * @throws Error of one line if ingest is down, or the record will be quarantined again
 */
function isAccepted(key: string, { statusCode, body }: HttpResponse): boolean {
  if (statusCode === 400 || statusCode === 413) return false;
  if (statusCode !== 202) throw new Error(`object '${key}' was not accepted: ingest responded with ${statusCode}`);
  const { results } = JSON.parse(body) as IngestResponse;
  if (results.some((result) => 'quarantine' in result)) {
    throw new Error(
      `object '${key}' would be quarantined again: the deployed rules are older than these, deploy first`,
    );
  }
  return true;
}

/**
 * Replays records in the order of offsets, so sections retain their order. A rejected record is passed over.
 * @throws the first error; records that were accepted before it are moved
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
      const response = await ingest(eventOf(found));
      if (!isAccepted(key, response)) {
        rejected++;
        say(`ingest rejects with ${response.statusCode}: ${key}`);
        continue;
      }
      await lake.put(`${REPLAYED}${key.slice(PREFIXES.quarantine.length)}`, body, { contentType: 'application/json' });
      await lake.delete(key);
    }
    posts++;
    say(`${ingest ? 'replayed' : 'a post now'}: ${key}`);
  }
  return { posts, rejected };
}

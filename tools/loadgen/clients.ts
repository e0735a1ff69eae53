/** How each generation of clients uses the API: the requests that it makes for posts, and how it reads the responses. */
import { SECTIONS, type Section } from '../../lambda/domain/columns';
import {
  type IngestResponse,
  type KinesisError,
  type RequestError,
  type RestProxyResponse,
  type RestProxyError,
} from '../../lambda/ingest/api';
import { type GeneratedPost, envelopeOf } from './generate';

export const GENERATIONS = ['native', '2022', '2023', '2023-stream'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** One record of a request. */
export interface ClientRecord {
  readonly key: string;
  readonly sections: readonly Section[];
  /** JSON of the record. */
  readonly text: string;
  /** May be invalid JSON. */
  readonly doubtful?: true;
}

export interface Call {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Result =
  | { readonly kind: 'accepted'; readonly quarantine?: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'retry' };

/** A request, which can be repeated with fewer of its records. */
export interface ClientRequest {
  readonly records: readonly ClientRecord[];
  call(records: readonly ClientRecord[]): Call;
  /** One result for each record of the call. @param body parsed JSON of a response below 500, or of a 503 */
  read(status: number, body: unknown, records: readonly ClientRecord[]): readonly Result[];
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };
const REST_PROXY_TYPE = { 'content-type': 'application/vnd.kafka.json.v2+json' };

const accepted: Result = { kind: 'accepted' };
const retry: Result = { kind: 'retry' };
const rejected = (reason: string): Result => ({ kind: 'rejected', reason });

function present(post: GeneratedPost): Section[] {
  return SECTIONS.filter((section) => post.sections[section] !== undefined);
}

function wholePost(post: GeneratedPost): ClientRecord {
  return {
    key: post.key,
    sections: present(post),
    text: envelopeOf(post),
    doubtful: post.doubtful,
  };
}

function singleSections(post: GeneratedPost): ClientRecord[] {
  return present(post).map((section) => ({ key: post.key, sections: [section], text: post.sections[section]! }));
}

function readNative(status: number, body: unknown, records: readonly ClientRecord[]): readonly Result[] {
  const response = body as Partial<IngestResponse> & Partial<RequestError>;
  if (!response?.results) {
    return records.map(() => (status >= 500 ? retry : rejected(response?.error?.message ?? `status ${status}`)));
  }
  return response.results.map((result) => {
    if (result.status === 202) {
      const { quarantine } = result;
      if (!quarantine) return accepted;
      return {
        ...accepted,
        quarantine: 'value' in quarantine ? `${quarantine.field} ${quarantine.value}` : quarantine.field,
      };
    }
    return result.status === 503
      ? retry
      : rejected('message' in result.error ? result.error.message : result.error.field);
  });
}

function readRestProxy(status: number, body: unknown, records: readonly ClientRecord[]): readonly Result[] {
  const response = body as Partial<RestProxyResponse> & Partial<RestProxyError>;
  if (!response?.offsets) {
    return records.map(() => (status >= 500 ? retry : rejected(response?.message ?? `status ${status}`)));
  }
  return response.offsets.map(({ error_code: code, error }) =>
    code === null ? accepted : code === 2 ? retry : rejected(error ?? `error code ${code}`),
  );
}

function readKinesis(status: number, body: unknown): readonly Result[] {
  if (status === 200) return [accepted];
  return [status >= 500 ? retry : rejected((body as Partial<KinesisError>)?.message ?? `status ${status}`)];
}

/**
 * Whole posts: an array, or NDJSON in every second request and where a text may be invalid JSON, which would spoil the array
 * for its neighbours. A single post goes without brackets.
 */
function nativeRequest(records: readonly ClientRecord[], number: number): ClientRequest {
  return {
    records,
    call(some) {
      const path = '/posts';
      const texts = some.map(({ text }) => text);
      if (texts.length === 1) return { method: 'POST', path, headers: JSON_TYPE, body: texts[0] };
      return number % 2 === 0 && !some.some(({ doubtful }) => doubtful)
        ? { method: 'POST', path, headers: JSON_TYPE, body: `[${texts.join(',')}]` }
        : { method: 'POST', path, headers: NDJSON_TYPE, body: `${texts.join('\n')}\n` };
    },
    read: readNative,
  };
}

/** Clients of 2022 send the pin alone, flat. */
function pinRequest(record: ClientRecord): ClientRequest {
  return {
    records: [record],
    call: ([{ text }]) => ({ method: 'POST', path: '/pin/', headers: JSON_TYPE, body: text }),
    read: readNative,
  };
}

const USER = 'loadgen';

function restProxyRequest(record: ClientRecord): ClientRequest {
  const path = `/topics/${USER}.${record.sections[0]}`;
  return {
    records: [record],
    call: ([{ text }]) => ({ method: 'POST', path, headers: REST_PROXY_TYPE, body: `{"records":[{"value":${text}}]}` }),
    read: readRestProxy,
  };
}

function kinesisRequest(record: ClientRecord): ClientRequest {
  const stream = `streaming-${USER}-${record.sections[0]}`;
  const rest = `"StreamName":"${stream}","PartitionKey":"${record.sections[0]}"`;
  return {
    records: [record],
    call: ([{ text }]) => ({
      method: 'PUT',
      path: `/streams/${stream}/record`,
      headers: JSON_TYPE,
      body: `{${rest},"Data":${text}}`,
    }),
    read: readKinesis,
  };
}

/** The requests by which a generation sends posts. @param batch posts in one request; only native clients batch */
export function* requestsOf(
  generation: Generation,
  posts: Iterable<GeneratedPost>,
  batch: number,
): Generator<ClientRequest> {
  if (generation === 'native') {
    let records: ClientRecord[] = [];
    let number = 0;
    for (const post of posts) {
      records.push(wholePost(post));
      if (records.length < batch) continue;
      yield nativeRequest(records, number++);
      records = [];
    }
    if (records.length > 0) yield nativeRequest(records, number);
    return;
  }
  for (const post of posts) {
    for (const record of singleSections(post)) {
      if (generation === '2023') yield restProxyRequest(record);
      else if (generation === '2023-stream') yield kinesisRequest(record);
      else if (record.sections[0] === 'pin') yield pinRequest(record);
    }
  }
}

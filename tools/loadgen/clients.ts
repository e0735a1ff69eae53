/** How each generation of clients speaks to the API: which requests it makes for posts, and how it reads the answers. */
import { SECTIONS, type Section } from '../../lambda/domain/columns';
import {
  type IngestResponse,
  type KinesisError,
  type RequestError,
  type RestProxyResponse,
  type RestProxyError,
} from '../../lambda/ingest/api';
import { type EmulatedPost, envelopeOf } from './generate';

export const GENERATIONS = ['native', '2022', '2023', '2023-stream'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** What one record of a request carries. */
export interface Parcel {
  readonly key: string;
  readonly sections: readonly Section[];
  /** JSON of the record. */
  readonly text: string;
  /** The text may be no JSON. */
  readonly doubtful?: true;
}

export interface Call {
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Verdict =
  | { readonly kind: 'taken'; readonly quarantine?: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'again' };

/** Parcels that go in one request. */
export interface Shipment {
  readonly parcels: readonly Parcel[];
  call(parcels: readonly Parcel[]): Call;
  /** One verdict a parcel of the call. @param body parsed JSON of an answer below 500, or of a 503 */
  read(status: number, body: unknown, parcels: readonly Parcel[]): readonly Verdict[];
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON_TYPE = { 'content-type': 'application/x-ndjson' };
const REST_PROXY_TYPE = { 'content-type': 'application/vnd.kafka.json.v2+json' };

const taken: Verdict = { kind: 'taken' };
const again: Verdict = { kind: 'again' };
const refused = (reason: string): Verdict => ({ kind: 'refused', reason });

function present(post: EmulatedPost): Section[] {
  return SECTIONS.filter((section) => post.sections[section] !== undefined);
}

function wholePost(post: EmulatedPost): Parcel {
  return {
    key: post.key,
    sections: present(post),
    text: envelopeOf(post),
    doubtful: post.doubtful,
  };
}

function singleSections(post: EmulatedPost): Parcel[] {
  return present(post).map((section) => ({ key: post.key, sections: [section], text: post.sections[section]! }));
}

function readNative(status: number, body: unknown, parcels: readonly Parcel[]): readonly Verdict[] {
  const answer = body as Partial<IngestResponse> & Partial<RequestError>;
  if (!answer?.results) {
    return parcels.map(() => (status >= 500 ? again : refused(answer?.error?.message ?? `status ${status}`)));
  }
  return answer.results.map((result) => {
    if (result.status === 202) {
      const { quarantine } = result;
      return quarantine ? { ...taken, quarantine: `${quarantine.field} ${quarantine.value}` } : taken;
    }
    return result.status === 503 ? again : refused(result.error.message);
  });
}

function readRestProxy(status: number, body: unknown, parcels: readonly Parcel[]): readonly Verdict[] {
  const answer = body as Partial<RestProxyResponse> & Partial<RestProxyError>;
  if (!answer?.offsets) {
    return parcels.map(() => (status >= 500 ? again : refused(answer?.message ?? `status ${status}`)));
  }
  return answer.offsets.map(({ error_code: code, error }) =>
    code === null ? taken : code === 2 ? again : refused(error ?? `error code ${code}`),
  );
}

function readKinesis(status: number, body: unknown): readonly Verdict[] {
  if (status === 200) return [taken];
  return [status >= 500 ? again : refused((body as Partial<KinesisError>)?.message ?? `status ${status}`)];
}

/**
 * Whole posts: an array, or NDJSON every second time and where a text may be no JSON, which would spoil the array for its
 * neighbours; one alone goes without brackets.
 */
function nativeShipment(parcels: readonly Parcel[], number: number): Shipment {
  return {
    parcels,
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

/** The emulator of 2022 sends the pin alone, flat. */
function pinShipment(parcel: Parcel): Shipment {
  return {
    parcels: [parcel],
    call: ([{ text }]) => ({ method: 'POST', path: '/pin/', headers: JSON_TYPE, body: text }),
    read: readNative,
  };
}

const USER = 'emulator';

function restProxyShipment(parcel: Parcel): Shipment {
  const path = `/topics/${USER}.${parcel.sections[0]}`;
  return {
    parcels: [parcel],
    call: ([{ text }]) => ({ method: 'POST', path, headers: REST_PROXY_TYPE, body: `{"records":[{"value":${text}}]}` }),
    read: readRestProxy,
  };
}

function kinesisShipment(parcel: Parcel): Shipment {
  const stream = `streaming-${USER}-${parcel.sections[0]}`;
  const rest = `"StreamName":"${stream}","PartitionKey":"${parcel.sections[0]}"`;
  return {
    parcels: [parcel],
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
export function* shipments(generation: Generation, posts: Iterable<EmulatedPost>, batch: number): Generator<Shipment> {
  if (generation === 'native') {
    let parcels: Parcel[] = [];
    let number = 0;
    for (const post of posts) {
      parcels.push(wholePost(post));
      if (parcels.length < batch) continue;
      yield nativeShipment(parcels, number++);
      parcels = [];
    }
    if (parcels.length > 0) yield nativeShipment(parcels, number);
    return;
  }
  for (const post of posts) {
    for (const parcel of singleSections(post)) {
      if (generation === '2023') yield restProxyShipment(parcel);
      else if (generation === '2023-stream') yield kinesisShipment(parcel);
      else if (parcel.sections[0] === 'pin') yield pinShipment(parcel);
    }
  }
}

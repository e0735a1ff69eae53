/**
 * Client of both APIs: sends posts in compressed batches, sends again what was not acknowledged, and asks for answers.
 * It needs `fetch` and `CompressionStream`: Node 22, or a browser of an origin that `corsOrigins` names.
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';
import createClient from 'openapi-fetch';
import { type components, type paths } from './types';

export type PostRecord = components['schemas']['PostRecord'];
/** Of one record. After the last attempt, `notTaken` (503) says that it is unknown whether the record is durable: send it again. */
export type RecordResult = components['schemas']['RecordResult'] | Unanswered;

/** No response about the record: the network, the API or its limits (429) were in the way at every attempt. */
export interface Unanswered {
  readonly status: 503;
  readonly error: { readonly field: 'request'; readonly message: string };
}

/** The API rejected a request as a whole, so further ones would fail as well: 403 for a wrong signature, for example. */
export class RequestRejected extends Error {
  constructor(
    public readonly status: number,
    body: string,
  ) {
    super(`${status}: ${body.slice(0, 500)}`);
  }
}

export interface ClientOptions {
  /** Output `IngestUrl` of the deployment. */
  readonly ingestUrl: string;
  /** Output `QueryUrl` of the deployment. */
  readonly queryUrl: string;
  /** For `auth=iam`: keys, or a provider like `fromNodeProviderChain()`. @default - requests are not signed */
  readonly credentials?: SignatureV4Init['credentials'];
  /** @default - that of the address */
  readonly region?: string;
  /** Sent with each request: `authorization` for `auth=jwt`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Most records of a request. @default 1000 */
  readonly batchRecords?: number;
  /** Most bytes of a request before compression, unless one record is larger. @default 1 MB */
  readonly batchBytes?: number;
  /** Requests in which a record is sent at most. @default 5 */
  readonly attempts?: number;
  /** Wait before the second attempt, doubled for each further one; the API's Retry-After has priority. @default 500 */
  readonly backoffMs?: number;
}

interface Pending {
  readonly line: string;
  /** Position of its result. */
  readonly at: number;
}

interface IngestAnswer {
  /** Undefined if the API said nothing about each record. */
  readonly results?: readonly components['schemas']['RecordResult'][];
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs?: number;
}

const MAX_WAIT_MS = 30_000;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const isPassing = (status: number) => status === 429 || status >= 500;

async function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export class PipelineClient {
  /** `query.GET('/answers/{name}', …)`, with the types of the OpenAPI document. */
  public readonly query: ReturnType<typeof createClient<paths>>;

  constructor(private readonly options: ClientOptions) {
    const fetchSigned = (request: Request) =>
      this.fetch(request.url, request.method, Object.fromEntries(request.headers));
    this.query = createClient<paths>({ baseUrl: options.queryUrl.replace(/\/$/, ''), fetch: fetchSigned });
  }

  /**
   * Sends posts, or sections of posts; sections of a post may come in any order, and twice.
   * @returns one result per record, in their order
   * @throws RequestRejected
   */
  public async send(records: Iterable<PostRecord> | AsyncIterable<PostRecord>): Promise<readonly RecordResult[]> {
    const { batchRecords = 1_000, batchBytes = 1_000_000 } = this.options;
    const results: RecordResult[] = [];
    let batch: Pending[] = [];
    let bytes = 0;
    let at = 0;
    for await (const record of records) {
      const line = JSON.stringify(record);
      const size = bytesOf(line).length + 1;
      if (batch.length >= batchRecords || (batch.length > 0 && bytes + size > batchBytes)) {
        await this.sendBatch(batch, results);
        [batch, bytes] = [[], 0];
      }
      batch.push({ line, at: at++ });
      bytes += size;
    }
    if (batch.length > 0) await this.sendBatch(batch, results);
    return results;
  }

  private async sendBatch(batch: readonly Pending[], results: RecordResult[]): Promise<void> {
    const { attempts = 5, backoffMs = 500 } = this.options;
    let pending = batch;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.post(pending);
      this.take(answer, pending, results);
      pending = pending.filter(({ at }) => results[at].status === 503);
      if (pending.length === 0 || attempt >= attempts) return;
      const wait = answer.retryAfterMs ?? backoffMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, MAX_WAIT_MS)));
    }
  }

  private take({ results: answers, status, body }: IngestAnswer, sent: readonly Pending[], into: RecordResult[]): void {
    if (answers?.length === sent.length) {
      sent.forEach(({ at }, i) => (into[at] = answers[i]));
    } else if (isPassing(status)) {
      for (const { at } of sent) into[at] = { status: 503, error: { field: 'request', message: `${status}: ${body}` } };
    } else if (status === 413 && sent.length === 1) {
      // One record that is larger than a request may be.
      into[sent[0].at] = { status, error: { field: 'body' } };
    } else {
      throw new RequestRejected(status, body);
    }
  }

  private async post(batch: readonly Pending[]): Promise<IngestAnswer> {
    const body = await gzip(batch.map(({ line }) => line).join('\n'));
    const headers = { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' };
    const url = `${this.options.ingestUrl.replace(/\/$/, '')}/posts`;
    try {
      const response = await this.fetch(url, 'POST', headers, body);
      const text = await response.text();
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      return { status: response.status, body: text, results: resultsIn(text), retryAfterMs: known(seconds * 1000) };
    } catch (error) {
      // No response: whether the records arrived is unknown. To send them again is safe: a post counts once.
      if (!(error instanceof TypeError)) throw error;
      return { status: 503, body: `${error.message} ${String(error.cause ?? '')}` };
    }
  }

  private async fetch(
    address: string,
    method: string,
    headers: Record<string, string>,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<Response> {
    const url = new URL(address);
    return fetch(url, {
      method,
      body,
      headers: await this.sign(url, method, { ...this.options.headers, ...headers }, body),
    });
  }

  private async sign(url: URL, method: string, headers: Record<string, string>, body?: Uint8Array) {
    const { credentials, region = /\.execute-api\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] } = this.options;
    if (!credentials) return headers;
    if (!region) throw new Error(`region must be set where the address names none, got ${url.hostname}`);
    const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries([...url.searchParams.keys()].map((name) => [name, url.searchParams.getAll(name)])),
      headers: { ...headers, host: url.host },
      body,
    });
    // `fetch` sets it itself, and forbids others to.
    delete signed.headers.host;
    return signed.headers;
  }
}

const known = (value: number) => (Number.isNaN(value) ? undefined : value);

function resultsIn(body: string): IngestAnswer['results'] {
  try {
    return (JSON.parse(body) as Partial<components['schemas']['IngestResponse']>).results;
  } catch {
    return undefined;
  }
}

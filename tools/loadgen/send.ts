/** Sends requests at a rate, repeats records that were not accepted, and counts the results. */
import { type Section } from '../../lambda/domain/columns';
import { type ClientRecord, type ClientRequest } from './clients';
import { type Sign } from './sign';

export interface SendOptions {
  /** Base address of the ingest API. */
  readonly url: string;
  /** Posts (sections, for generations that send them one by one) a second; 0 is as fast as it goes. @default 0 */
  readonly rate?: number;
  /** Requests in flight. @default 8 */
  readonly concurrency?: number;
  /** How long a record is repeated before the load generator gives up, ms. @default 180000 */
  readonly giveUpAfter?: number;
  /** How long the first attempt waits for a response, ms; each further one twice as long, at most 30 s. @default 30000 */
  readonly timeout?: number;
  readonly sign?: Sign;
  /** Gets the results, beside what is in it already. @default - a new one */
  readonly tally?: Tally;
  readonly onProgress?: (tally: Tally) => void;
}

export interface Tally {
  /** Records sent at least once. */
  sent: number;
  requests: number;
  /** Requests that failed, or whose records were not all accepted, and were repeated. */
  retries: number;
  /** The sections that the API acknowledged, by the post's key. */
  readonly acknowledged: Map<string, Set<Section>>;
  /** Records acknowledged. */
  accepted: number;
  /** Records rejected, with the reason. */
  readonly rejected: { readonly key: string; readonly reason: string }[];
  /** Records acknowledged with the notice that they go to quarantine. */
  readonly quarantined: { readonly key: string; readonly reason: string }[];
  /** Milliseconds from the first request to the last response. */
  duration: number;
  /** Milliseconds of each request whose records were all accepted at the first attempt. */
  readonly latencies: number[];
}

const BACKOFF_FIRST = 100;
const BACKOFF_MOST = 3_000;
const REQUEST_TIMEOUT = 30_000;

/** So many attempts without a connection, and never a response: nothing listens there. */
const ATTEMPTS_TO_CONNECT = 5;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const newTally = (): Tally => ({
  sent: 0,
  requests: 0,
  retries: 0,
  acknowledged: new Map(),
  accepted: 0,
  rejected: [],
  quarantined: [],
  duration: 0,
  latencies: [],
});

class Sender {
  readonly tally: Tally;
  private readonly base: string;
  /** Why the last request got no response. */
  private failure = 'no response states their results';
  private responded = false;

  constructor(private readonly options: SendOptions) {
    this.tally = options.tally ?? newTally();
    this.base = options.url.replace(/\/+$/, '');
  }

  /** One request. @returns undefined without a response, or with one that does not state results of the records */
  private async attempt(request: ClientRequest, records: readonly ClientRecord[], timeout: number) {
    const call = request.call(records);
    const url = new URL(this.base + call.path);
    this.tally.requests++;
    try {
      const headers = this.options.sign
        ? await this.options.sign(url, call.method, { ...call.headers }, call.body)
        : call.headers;
      const response = await fetch(url, {
        method: call.method,
        headers,
        body: call.body,
        signal: AbortSignal.timeout(timeout),
      });
      this.responded = true;
      this.failure = `the last response has status ${response.status}`;
      const body = parseJson(await response.text());
      if (response.status === 429 || (response.status >= 500 && response.status !== 503)) return undefined;
      return { status: response.status, body, retryAfter: Number(response.headers.get('retry-after') ?? 0) * 1000 };
    } catch (error) {
      // Connection refused or reset, time out: the outcome is unknown, and a record may safely be sent twice.
      const { message, cause } = error as Error & { readonly cause?: Error };
      this.failure = cause?.message ?? message;
      return undefined;
    }
  }

  private settle(record: ClientRecord, result: ReturnType<ClientRequest['read']>[number]): boolean {
    const { key } = record;
    switch (result.kind) {
      case 'retry':
        return false;
      case 'rejected':
        this.tally.rejected.push({ key, reason: result.reason });
        return true;
      case 'accepted': {
        this.tally.accepted++;
        if (result.quarantine) {
          this.tally.quarantined.push({ key, reason: result.quarantine });
          return true;
        }
        const sections = this.tally.acknowledged.get(key) ?? new Set();
        for (const section of record.sections) sections.add(section);
        this.tally.acknowledged.set(key, sections);
        return true;
      }
    }
  }

  /** Sends a request until each of its records is accepted or rejected. */
  async deliver(request: ClientRequest): Promise<void> {
    const { giveUpAfter = 180_000, timeout = REQUEST_TIMEOUT, onProgress } = this.options;
    const started = Date.now();
    let open = request.records;
    this.tally.sent += open.length;
    for (let attempt = 0; ; attempt++) {
      const began = performance.now();
      const response = await this.attempt(request, open, Math.min(REQUEST_TIMEOUT, timeout * 2 ** attempt));
      if (response) {
        const results = request.read(response.status, response.body, open);
        open = open.filter((record, i) => !this.settle(record, results[i] ?? { kind: 'retry' }));
        if (attempt === 0 && open.length === 0) this.tally.latencies.push(performance.now() - began);
      }
      onProgress?.(this.tally);
      if (open.length === 0) return;
      if (!this.responded && attempt + 1 >= ATTEMPTS_TO_CONNECT && /ECONNREFUSED|ENOTFOUND/.test(this.failure)) {
        throw new Error(`nothing answers at ${this.base}: ${this.failure}`);
      }
      if (Date.now() - started > giveUpAfter) {
        const what = `${open.length} records within ${giveUpAfter} ms, first '${open[0].key}'`;
        throw new Error(`${this.base} did not accept ${what}: ${this.failure}`);
      }
      this.tally.retries++;
      const backoff = Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** attempt);
      // Half of it at random, so that many clients do not come back together.
      await pause(Math.max(response?.retryAfter ?? 0, backoff * (0.5 + Math.random() / 2)));
    }
  }
}

/** @throws Error if records are not accepted within the limit; every other outcome is in the tally */
export async function sendAll(requests: Iterable<ClientRequest>, options: SendOptions): Promise<Tally> {
  const { rate = 0, concurrency = 8 } = options;
  const sender = new Sender(options);
  const started = performance.now();
  let released = 0;
  const source = requests[Symbol.iterator]();

  async function worker(): Promise<void> {
    for (let next = source.next(); !next.done; next = source.next()) {
      const due = rate > 0 ? started + (released * 1000) / rate : 0;
      released += next.value.records.length;
      const wait = due - performance.now();
      if (wait > 0) await pause(wait);
      await sender.deliver(next.value);
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  sender.tally.duration = performance.now() - started;
  return sender.tally;
}

/** Sends shipments at a rate, repeats what was not taken, and keeps the tally of what the API said. */
import { type Section } from '../../lambda/domain/columns';
import { type Parcel, type Shipment } from './clients';
import { type Sign } from './sign';

export interface SendOptions {
  /** Base address of the ingest API. */
  readonly url: string;
  /** Posts (sections, for generations that send them one by one) a second; 0 is as fast as it goes. @default 0 */
  readonly rate?: number;
  /** Requests under way at a time. @default 8 */
  readonly concurrency?: number;
  /** How long a record is repeated before the emulator gives up, ms. @default 180000 */
  readonly giveUpAfter?: number;
  readonly sign?: Sign;
  readonly onProgress?: (tally: Tally) => void;
}

export interface Tally {
  /** Records sent at least once. */
  sent: number;
  requests: number;
  /** Requests that failed or left records untaken, and were repeated. */
  retries: number;
  /** The sections that the API acknowledged, by the post's key. */
  readonly acknowledged: Map<string, Set<Section>>;
  /** Records acknowledged. */
  accepted: number;
  /** Records refused, with the reason. */
  readonly rejected: { readonly key: string; readonly reason: string }[];
  /** Records acknowledged with the notice that they go to quarantine. */
  readonly quarantined: { readonly key: string; readonly reason: string }[];
  /** Milliseconds from the first request to the last answer. */
  duration: number;
  /** Milliseconds of each request that took all its records at once. */
  readonly latencies: number[];
}

const BACKOFF_FIRST = 100;
const BACKOFF_MOST = 3_000;
const REQUEST_TIMEOUT = 30_000;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

class Sender {
  readonly tally: Tally = {
    sent: 0,
    requests: 0,
    retries: 0,
    acknowledged: new Map(),
    accepted: 0,
    rejected: [],
    quarantined: [],
    duration: 0,
    latencies: [],
  };

  private readonly base: string;

  constructor(private readonly options: SendOptions) {
    this.base = options.url.replace(/\/+$/, '');
  }

  /** One request. @returns undefined if there was no answer, or one that says nothing about the records */
  private async request(shipment: Shipment, parcels: readonly Parcel[]) {
    const call = shipment.call(parcels);
    const url = new URL(this.base + call.path);
    this.tally.requests++;
    try {
      const headers = this.options.sign
        ? await this.options.sign(url, call.method, { ...call.headers }, call.body)
        : call.headers;
      const answer = await fetch(url, {
        method: call.method,
        headers,
        body: call.body,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT),
      });
      const body = parseJson(await answer.text());
      if (answer.status === 429 || (answer.status >= 500 && answer.status !== 503)) return undefined;
      return { status: answer.status, body, retryAfter: Number(answer.headers.get('retry-after') ?? 0) * 1000 };
    } catch {
      // Connection refused or reset, time out: the outcome is unknown, and a record may safely be sent twice.
      return undefined;
    }
  }

  private settle(parcel: Parcel, verdict: ReturnType<Shipment['read']>[number]): boolean {
    const { key } = parcel;
    switch (verdict.kind) {
      case 'again':
        return false;
      case 'refused':
        this.tally.rejected.push({ key, reason: verdict.reason });
        return true;
      case 'taken': {
        this.tally.accepted++;
        if (verdict.quarantine) {
          this.tally.quarantined.push({ key, reason: verdict.quarantine });
          return true;
        }
        const sections = this.tally.acknowledged.get(key) ?? new Set();
        for (const section of parcel.sections) sections.add(section);
        this.tally.acknowledged.set(key, sections);
        return true;
      }
    }
  }

  /** Sends a shipment until each of its records is taken or refused. */
  async ship(shipment: Shipment): Promise<void> {
    const { giveUpAfter = 180_000, onProgress } = this.options;
    const started = Date.now();
    let open = shipment.parcels;
    this.tally.sent += open.length;
    for (let attempt = 0; ; attempt++) {
      const began = performance.now();
      const answer = await this.request(shipment, open);
      if (answer) {
        const verdicts = shipment.read(answer.status, answer.body, open);
        open = open.filter((parcel, i) => !this.settle(parcel, verdicts[i] ?? { kind: 'again' }));
        if (attempt === 0 && open.length === 0) this.tally.latencies.push(performance.now() - began);
      }
      onProgress?.(this.tally);
      if (open.length === 0) return;
      if (Date.now() - started > giveUpAfter) {
        throw new Error(
          `${this.base} did not take ${open.length} records within ${giveUpAfter} ms, first '${open[0].key}'`,
        );
      }
      this.tally.retries++;
      const backoff = Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** attempt);
      // Half of it by chance, so that many clients do not come back together.
      await pause(Math.max(answer?.retryAfter ?? 0, backoff * (0.5 + Math.random() / 2)));
    }
  }
}

/** @throws Error if records were not taken for too long; whatever else happens to a record is in the tally */
export async function sendAll(shipments: Iterable<Shipment>, options: SendOptions): Promise<Tally> {
  const { rate = 0, concurrency = 8 } = options;
  const sender = new Sender(options);
  const started = performance.now();
  let released = 0;
  const source = shipments[Symbol.iterator]();

  async function worker(): Promise<void> {
    for (let next = source.next(); !next.done; next = source.next()) {
      const due = rate > 0 ? started + (released * 1000) / rate : 0;
      released += next.value.parcels.length;
      const wait = due - performance.now();
      if (wait > 0) await pause(wait);
      await sender.ship(next.value);
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  sender.tally.duration = performance.now() - started;
  return sender.tally;
}

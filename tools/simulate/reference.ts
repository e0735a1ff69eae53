/**
 * What is right: a naive count over the records of the topic, each of which holds what a client sent. A record is counted by what is
 * true of its post, not by its bytes. Of the product it knows the views as data, and the rule of each interval and of each section:
 * the first arrival counts, in the interval of its append time or of the record before it.
 */
import { type View } from '../../lambda/domain/views';
import { type Topic } from './models/kafka';
import { SECTION_NAMES, type SectionName, type SimulatedPost } from './posts';

/** What one record adds to one view. */
export interface Added {
  readonly view: string;
  readonly key: string;
  readonly value: number;
  readonly partition: number;
  readonly offset: number;
  /** Newest append time in its partition up to it, ms: clocks step back, and an answer is as of the newest. */
  readonly newest: number;
  /** When it was on the topic by the world's own clock, ms. */
  readonly seen: number;
  readonly interval: number;
}

export type Expected = ReadonlyMap<string, number>;

/** Joins the values of a key. */
export const keyText = (values: readonly (string | number)[]): string => values.join(' | ');

const SECTION_OF: Readonly<Record<string, SectionName>> = {
  ...{ category: 'pin', follower_count: 'pin', poster_name: 'pin', media_type: 'pin', arrival_minute: 'pin' },
  ...{ country: 'geo', post_year: 'geo' },
  ...{ age_group: 'user', join_year: 'user', user_register: 'user', user_rank: 'user' },
};

const MINUTE = 60_000;

interface Arrived {
  readonly interval: number;
  readonly columns: Readonly<Record<string, string | number | null>>;
}

/** What is remembered of a post in a partition. */
interface Known {
  /** The interval in which a section arrived first. */
  readonly seen: Map<SectionName, number>;
  /** Sections that wait for others. Once all have met, none does from the next interval on. */
  readonly held: Map<SectionName, Arrived>;
  /** The interval in which all have met. */
  complete: number;
}

export interface ReferenceOptions {
  readonly topic: Topic;
  readonly posts: ReadonlyMap<number, readonly SimulatedPost[]>;
  readonly views: () => readonly View[];
  readonly intervalMinutes: number;
  /** How long a section is remembered, ms. */
  readonly horizonMs: number;
  readonly now: () => number;
}

interface Position {
  offset: number;
  newest: number;
  interval: number;
  /** The newest interval with a record that is no heartbeat record. */
  filled: number;
  postAt: number;
}

export class Reference {
  /** By view. */
  private readonly added = new Map<string, Added[]>();
  /** Of each partition: how many records were read, the newest append time, the interval of the last one, when the last new post came. */
  private readonly read: Position[] = [];
  /** By partition and index. */
  private readonly known = new Map<string, Known>();
  /** Partitions and offsets. */
  private readonly bad = new Set<string>();
  /** When those on the topic were sent, ms. */
  readonly canaries: number[] = [];

  constructor(private readonly options: ReferenceOptions) {}

  /** Reads what was appended since. */
  follow(): void {
    const { topic } = this.options;
    topic.partitions.forEach(({ records }, partition) => {
      const at = (this.read[partition] ??= { offset: 0, newest: 0, interval: 0, filled: 0, postAt: 0 });
      for (; at.offset < records.length; at.offset++) this.take(partition, at, records[at.offset]);
    });
  }

  /** What the view adds up to over some of the records. */
  expected(view: View, includes: (added: Added) => boolean): Expected {
    const sum = new Map<string, number>();
    for (const each of this.added.get(view.name) ?? []) {
      if (!includes(each)) continue;
      const before = sum.get(each.key);
      if (before === undefined) sum.set(each.key, each.value);
      else sum.set(each.key, view.merge === 'sum' ? before + each.value : Math.max(before, each.value));
    }
    return sum;
  }

  /** Whether the record has a value that cannot be interpreted. */
  isBad(partition: number, offset: number): boolean {
    return this.bad.has(`${partition} ${offset}`);
  }

  /** The interval of the newest record of a partition that is no heartbeat record. */
  intervalOf(partition: number): number {
    return this.read[partition]?.filled ?? 0;
  }

  /** When the last new post of a partition came, ms. */
  lastPost(partition: number): number {
    return this.read[partition]?.postAt ?? 0;
  }

  private take(partition: number, at: Position, record: Topic['partitions'][number]['records'][number]): void {
    const { posts, views, intervalMinutes, horizonMs, now } = this.options;
    const length = intervalMinutes * MINUTE;
    const { timestamp, offset } = record;
    at.newest = Math.max(at.newest, timestamp);
    at.interval = Math.max(at.interval, timestamp - (timestamp % length));
    const { interval } = at;
    if ('heartbeat' in record.headers) return;
    at.filled = interval;
    if ('canary' in record.headers) return void this.canaries.push(Number(record.headers.canary));
    const sent = JSON.parse(record.value!.toString()) as Readonly<Record<string, unknown>>;
    const header = record.headers.section as SectionName | undefined;
    const brought = header ? [header] : SECTION_NAMES.filter((section) => section in sent);
    const { version } = (header ? sent : sent[brought[0]]) as { readonly version: number };
    const post = posts.get(Number(record.key!.toString()))![version];
    if (post.bad && brought.includes('pin')) return void this.bad.add(`${partition} ${offset}`);
    const name = `${partition} ${post.index}`;
    if (!this.known.has(name)) at.postAt = now();
    const known = this.known.get(name) ?? { seen: new Map(), held: new Map(), complete: Infinity };
    this.known.set(name, known);
    const { seen, held } = known;
    if (known.complete < interval) held.clear();
    const oldest = interval - horizonMs;
    for (const [section, arrived] of seen) if (arrived < oldest) seen.delete(section);
    for (const [section, arrived] of held) if (arrived.interval < oldest) held.delete(section);
    const fresh = brought.filter((section) => !seen.has(section));
    for (const section of fresh) {
      const minute = new Date(timestamp - (timestamp % MINUTE)).toISOString();
      const columns = { ...post.truth[section], ...(section === 'pin' && { arrival_minute: minute }) };
      seen.set(section, interval);
      held.set(section, { interval, columns });
    }
    known.complete = held.size === SECTION_NAMES.length ? interval : Infinity;
    for (const view of views()) {
      const columns = [...view.dimensions, ...(view.value ? [view.value] : [])];
      const sections = new Set(columns.map((column) => SECTION_OF[column]));
      if (!fresh.some((section) => sections.has(section))) continue;
      if (![...sections].every((section) => held.has(section))) continue;
      const valueOf = (column: string) => held.get(SECTION_OF[column])!.columns[column];
      const key = view.dimensions.map(valueOf);
      const value = view.value ? valueOf(view.value) : 1;
      if (value === null || key.some((part) => part === null)) continue;
      const added: Added = {
        view: view.name,
        key: keyText(key as (string | number)[]),
        value: Number(value),
        ...{ partition, offset, newest: at.newest, interval, seen: now() },
      };
      const all = this.added.get(view.name) ?? [];
      this.added.set(view.name, all);
      all.push(added);
    }
  }
}

/**
 * What is right: a naive count over the records of the topic, each of which holds what a client sent. A record is counted by what is
 * true of its post, not by its bytes. Of the product it knows the views as data, and the rule of each interval and of each section:
 * the first arrival counts, in the interval of its append time or of the record before it.
 */
import { type View } from '../../lambda/domain/views';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { type Person } from '../operate/erase/core';
import { type Topic } from './models/kafka';
import { SECTION_NAMES, type SectionName, type SimulatedPost } from './posts';
import { ALL_VIEWS, countedBy } from './versions';

/** What one record adds to one view. */
export interface Added {
  readonly post: number;
  readonly key: string;
  readonly value: number;
  readonly partition: number;
  readonly offset: number;
  /** Newest append time in its partition up to it, ms: clocks step back, and an answer is as of the newest. */
  readonly newest: number;
  /** When it was on the topic by the world's own clock, ms. */
  readonly seen: number;
  /** When the first of the sections that it is of was on the topic, ms. */
  readonly since: number;
  readonly interval: number;
  /** That of the first of the sections that it is of. */
  readonly firstInterval: number;
  /** Counted only if the post was forgotten meanwhile, or its records before were rejected. */
  readonly anew: boolean;
  /** A section of it counted before, and was forgotten since. */
  readonly again: boolean;
}

export type Expected = ReadonlyMap<string, number>;

/** Joins the values of a key. */
const KEY_SEPARATOR = ' | ';
export const keyText = (values: readonly (string | number)[]): string => values.join(KEY_SEPARATOR);
export const keyParts = (key: string): string[] => key.split(KEY_SEPARATOR);

const SECTION_OF: Readonly<Record<string, SectionName>> = {
  ...{ category: 'pin', follower_count: 'pin', poster_name: 'pin', media_type: 'pin', arrival_minute: 'pin' },
  ...{ country: 'geo', post_year: 'geo' },
  ...{ age_group: 'user', join_year: 'user', user_register: 'user', user_rank: 'user' },
};

/** The views, the sections that each reads, and the name of what it counts. */
const VIEWS = ALL_VIEWS.map((view) => {
  const columns = [...view.dimensions, ...(view.value ? [view.value] : [])];
  return { view, sections: [...new Set(columns.map((column) => SECTION_OF[column]))], counted: countedBy(view) };
});

export const nameOf = (person: Person) => Object.values(person).join(KEY_SEPARATOR);

const MINUTE = 60_000;

interface Arrived {
  readonly interval: number;
  /** By the world's own clock, ms. */
  readonly at: number;
  readonly columns: Readonly<Record<string, string | number | null>>;
}

/** What is remembered of a post in a partition. */
interface Known {
  /** The interval in which a section arrived first. */
  readonly seen: Map<SectionName, number>;
  /** Sections that ever arrived. */
  readonly ever: Set<SectionName>;
  /** Sections that wait for others. Once all have met, none does from the next interval on. */
  readonly held: Map<SectionName, Arrived>;
  /** The interval in which all have met. */
  complete: number;
}

export interface ReferenceOptions {
  readonly topic: Topic;
  readonly posts: ReadonlyMap<number, readonly SimulatedPost[]>;
  readonly intervalMinutes: number;
  /** How long a section is remembered, ms. */
  readonly horizonMs: number;
  readonly now: () => number;
  /** Whether operators erase a post: before or after that, each record may be the first that the layers know of it. */
  readonly isErased: (index: number) => boolean;
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
  /** By what a view counts. */
  private readonly added = new Map<string, Added[]>();
  /** Of each partition: how many records were read, the newest append time, the interval of the last one, when the last new post came. */
  private readonly read: Position[] = [];
  /** By partition and index. */
  private readonly known = new Map<string, Known>();
  /** Partitions and offsets of records with a value that cannot be interpreted. */
  private readonly bad = new Set<string>();
  /** Partitions and offsets of records that a version with stricter rules rejects. */
  private readonly strict = new Set<string>();
  /** When those on the topic were sent, ms. */
  readonly canaries: number[] = [];
  /** What may be known of posts that are erased or rejected. */
  private readonly anew = new Map<string, Known>();
  /** Posts by what names their person. */
  private readonly persons = new Map<string, Set<number>>();

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
    for (const each of this.added.get(countedBy(view)) ?? []) {
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

  /** Whether a version may reject the record. */
  mayBeBad(partition: number, offset: number): boolean {
    return this.isBad(partition, offset) || this.strict.has(`${partition} ${offset}`);
  }

  /** The interval of the newest record of a partition that is no heartbeat record. */
  intervalOf(partition: number): number {
    return this.read[partition]?.filled ?? 0;
  }

  /** When the last new post of a partition came, ms. */
  lastPost(partition: number): number {
    return this.read[partition]?.postAt ?? 0;
  }

  /** Posts of which a record names the person. */
  postsOf(person: Person): ReadonlySet<number> {
    return this.persons.get(nameOf(person)) ?? new Set();
  }

  private take(partition: number, at: Position, record: KafkaRecord): void {
    const { posts, intervalMinutes, now, isErased } = this.options;
    const length = intervalMinutes * MINUTE;
    const { timestamp, offset } = record;
    at.newest = Math.max(at.newest, timestamp);
    at.interval = Math.max(at.interval, timestamp - (timestamp % length));
    if ('heartbeat' in record.headers) return;
    at.filled = at.interval;
    if ('canary' in record.headers) return void this.canaries.push(Number(record.headers.canary));
    const sent = JSON.parse(record.value!.toString()) as Readonly<Record<string, unknown>>;
    const header = record.headers.section as SectionName | undefined;
    const brought = header ? [header] : SECTION_NAMES.filter((section) => section in sent);
    const { version } = (header ? sent : sent[brought[0]]) as { readonly version: number };
    const post = posts.get(Number(record.key!.toString()))![version];
    const place = `${partition} ${offset}`;
    if (post.bad && brought.includes('pin')) return void this.bad.add(place);
    if (post.strict) this.strict.add(place);
    if (brought.includes('user')) {
      const name = nameOf(post.person);
      this.persons.set(name, (this.persons.get(name) ?? new Set()).add(post.index));
    }
    if (!this.known.has(`${partition} ${post.index}`)) at.postAt = now();
    this.count(this.known, at, record, post, brought);
    // Of records that a version may reject, any may be the first that is accepted: those before are read again by other rules, or not.
    // The same of an erased post: Kafka may deliver some of its records again.
    if (post.strict || isErased(post.index)) this.count(this.anew, at, record, post, brought);
  }

  private count(
    all: Map<string, Known>,
    at: Position,
    { partition, offset, timestamp }: KafkaRecord,
    post: SimulatedPost,
    brought: readonly SectionName[],
  ): void {
    const { horizonMs, now } = this.options;
    const { interval } = at;
    const name = `${partition} ${post.index}`;
    const known = all.get(name) ?? { seen: new Map(), ever: new Set(), held: new Map(), complete: Infinity };
    all.set(name, known);
    const { seen, held } = known;
    // It is not known when all have met.
    const mayWait = all === this.anew;
    if (known.complete < interval && !mayWait) held.clear();
    const oldest = interval - horizonMs;
    for (const [section, arrived] of seen) if (arrived < oldest) seen.delete(section);
    for (const [section, arrived] of held) if (arrived.interval < oldest) held.delete(section);
    const fresh = mayWait ? brought : brought.filter((section) => !seen.has(section));
    const again = fresh.filter((section) => known.ever.has(section));
    for (const section of fresh) {
      const minute = new Date(timestamp - (timestamp % MINUTE)).toISOString();
      const columns = { ...post.truth[section], ...(section === 'pin' && { arrival_minute: minute }) };
      seen.set(section, interval);
      known.ever.add(section);
      held.set(section, { interval, at: now(), columns });
    }
    known.complete = held.size === SECTION_NAMES.length ? interval : Infinity;
    if (fresh.length === 0) return;
    for (const { view, sections, counted } of VIEWS) {
      if (!fresh.some((section) => sections.includes(section))) continue;
      if (!sections.every((section) => held.has(section))) continue;
      const valueOf = (column: string) => held.get(SECTION_OF[column])!.columns[column];
      const key = view.dimensions.map(valueOf);
      const value = view.value ? valueOf(view.value) : 1;
      if (value === null || key.some((part) => part === null)) continue;
      const added: Added = {
        post: post.index,
        anew: all === this.anew,
        again: again.some((section) => sections.includes(section)),
        key: keyText(key as (string | number)[]),
        value: Number(value),
        ...{ partition, offset, newest: at.newest, interval, seen: now() },
        since: Math.min(...sections.map((section) => held.get(section)!.at)),
        firstInterval: Math.min(...sections.map((section) => held.get(section)!.interval)),
      };
      const before = this.added.get(counted) ?? [];
      this.added.set(counted, before);
      before.push(added);
    }
  }
}

/** What happens in a run from outside: requests of clients, faults, changes by operators. A seed makes it; shrinking takes parts away. */
import { type Weather, FATES, SERVICES } from './process';
import { SECTION_NAMES, type SectionName, VERSIONS } from './posts';
import { BASE_VIEWS, isChanged, LENGTH_CHANGES, SPARE_HORIZON, VIEW_CHANGES, type Change } from './versions';
import { PIPELINE_STEPS } from '../../lambda/runtime/metrics';
import { Random } from './world';

export const HOUR = 3_600_000;
const MINUTE = 60_000;

/** A request of a client, which repeats it until all of it is acknowledged. */
export interface Send {
  readonly at: number;
  readonly posts: readonly { readonly index: number; readonly sections: readonly SectionName[] }[];
  /** Of the posts, as they are sent. */
  readonly version: number;
  /** Sent again although it was acknowledged, after so long, and maybe in another version. */
  readonly again?: { readonly after: number; readonly version: number };
  /** A record that is to be rejected stands before this one of its posts. */
  readonly hostileAt?: number;
}

/** The canary is not one of them. */
export const FUNCTIONS = PIPELINE_STEPS;
export type FunctionName = (typeof FUNCTIONS)[number];
export type SourceName = 'archive' | 'aggregate';

/** What operators do by hand. */
export type Operation =
  | { readonly kind: 'replay'; readonly at: number }
  /** The person of the post. */
  | { readonly kind: 'erase'; readonly at: number; readonly post: number };

/** What can go wrong, or be done. */
export type Fault =
  | Operation
  | ({ readonly kind: 'weather' } & Weather)
  | ({ readonly kind: 'kill'; /** The orchestrator dies with it. */ readonly withRuns: boolean } & Disturbed)
  | ({ readonly kind: 'stall'; readonly ms: number } & Disturbed)
  | {
      readonly kind: 'rebalance';
      readonly at: number;
      readonly source: SourceName;
      readonly partition: number;
      readonly back: number;
      /** How long nobody polls the partition. */
      readonly ms: number;
    }
  | {
      readonly kind: 'clock';
      readonly at: number;
      readonly broker: number;
      readonly ahead: number;
      /** How long it shows the same time, ms. */
      readonly grain: number;
    }
  | { readonly kind: 'retention'; readonly at: number; readonly ms: number }
  | {
      readonly kind: 'partitions';
      readonly at: number;
      readonly partitions: number;
      /** Whether the flow is deployed, too: otherwise it has as many tasks as before. */
      readonly flow: boolean;
    }
  | {
      readonly kind: 'deploy';
      readonly at: number;
      readonly change: Change;
      /** When the change is taken back. @default - never */
      readonly backAt?: number;
    }
  /** A run by hand: for a range that ends some intervals back, or as a scheduled one. */
  | { readonly kind: 'run'; readonly at: number; readonly range?: { readonly back: number; readonly length: number } }
  /** No run starts for a while. */
  | { readonly kind: 'scheduler'; readonly at: number; readonly ms: number; readonly dies: boolean }
  | { readonly kind: 'canary'; readonly at: number };

interface Disturbed {
  readonly at: number;
  readonly target: FunctionName;
  /** How many calls go well before. */
  readonly calls: number;
  /** Which of the kinds of calls that the function has made, from 0 to 1. @default - any */
  readonly share?: number;
}

export type FaultKind = Fault['kind'];
export const FAULT_KINDS: readonly FaultKind[] = [
  ...(['weather', 'kill', 'stall', 'rebalance', 'clock', 'retention', 'canary'] as const),
  ...(['partitions', 'deploy', 'run', 'scheduler', 'replay', 'erase'] as const),
];

export interface Plan {
  readonly seed: string;
  readonly settings: Settings;
  readonly sends: readonly Send[];
  readonly faults: readonly Fault[];
}

export interface Settings {
  readonly start: number;
  /** How long clients send and faults happen, ms. Then everything has to come right. */
  readonly stormMs: number;
  readonly intervalMinutes: number;
  readonly partitions: number;
  /** Names of those of the first version. */
  readonly views: readonly string[];
  /** Of each function. */
  readonly instances: number;
  /** Of the speed layer's memory: as long as sections of a post are apart. */
  readonly speedHorizonIntervals: number;
  readonly identityHorizonHours: number;
  readonly speedTtlHours: number;
  /** About what an interval and partition takes in compact, and an interval in the views engine, ms. */
  readonly workMs: number;
  /** The longest that a source waits for a batch to fill, ms. */
  readonly windowMs: Readonly<Record<SourceName, number>>;
  /** How long the orchestrator waits for an answer of a function, ms. */
  readonly clientMs: number;
  /** Clients are silent for most of the time, as over a weekend. */
  readonly silence: boolean;
  /** Some requests are repeated after the batch layer's memory: it counts them again, and the speed layer does not. */
  readonly lateRepeats: boolean;
  /** Names come in decomposed Unicode. */
  readonly decomposed: boolean;
  /** Share of posts whose pin cannot be interpreted. */
  readonly bad: number;
  /** Of the first post: they end at the largest number that JSON holds exactly, or are far from it. */
  readonly firstPost: number;
  /** The first version quarantines some posts that later ones accept. */
  readonly strict: boolean;
  /** What operators do when all is done, in this order. */
  readonly ending: readonly Ending[];
}

export const ENDINGS = ['backfill', 'replay', 'erase', 'topic'] as const;
export type Ending = (typeof ENDINGS)[number];

export interface PlanOptions {
  readonly seed: number;
  /** @default 40 */
  readonly hours?: number;
  /** @default 150 */
  readonly posts?: number;
  /** Only these kinds of faults. @default - all */
  readonly only?: readonly FaultKind[];
}

/** Two hours before a day's end, with a month's end a day later. */
const START = Date.parse('2026-11-29T22:00:00Z');

export function makePlan(options: PlanOptions): Plan {
  const random = new Random(`plan ${options.seed}`);
  const { seed, hours = 40, posts = 150, only } = options;
  const stormMs = hours * HOUR;
  // It has more intervals than a look back.
  const silence = random.chance(0.15);
  const intervalMinutes = silence ? 60 : random.pick([60, 60, 120, 120, 240]);
  const settings: Settings = {
    start: START,
    stormMs,
    intervalMinutes,
    partitions: random.integer(1, 3),
    instances: random.pick([2, 2, 3]),
    speedHorizonIntervals: Math.ceil(APART_HOURS / (intervalMinutes / 60)) + 1 + SPARE_HORIZON,
    identityHorizonHours: 16,
    speedTtlHours: 24,
    workMs: random.pick([100, 1_000, 20_000]),
    windowMs: { archive: random.pick([1_000, 60_000]), aggregate: random.pick([1_000, 5_000, 30_000]) },
    clientMs: random.pick([60_000, 900_000]),
    silence,
    lateRepeats: random.chance(0.15),
    decomposed: random.chance(0.5),
    bad: random.stream('bad').chance(0.25) ? 0.4 : 0.03,
    firstPost: random.pick([0, 0, 2 ** 31 - 75, Number.MAX_SAFE_INTEGER - posts + 1]),
    strict: random.chance(0.2),
    ending: ENDINGS.filter(() => random.chance(0.12)),
    // Most of what a seed costs is done for each view.
    views: BASE_VIEWS.filter((view) => isChanged(view) || random.chance(0.4)).map(({ name }) => name),
  };
  const sends = makeSends(random.stream('sends'), posts, settings);
  const faults = makeFaults(random.stream('faults'), settings, sends);
  return { seed: String(seed), settings, sends, faults: faults.filter(({ kind }) => !only || only.includes(kind)) };
}

/** Sections of a post come within this time, and repeats: within every memory of both layers. */
const APART_MS = 4 * HOUR;
/** Sections of some posts come almost a horizon apart. */
const FAR_MS = 9 * HOUR;
/** The longest between two records of a post, by whatever clock: far sections, of which the last one is repeated. */
const APART_HOURS = 14;

function makeSends(random: Random, posts: number, settings: Settings): Send[] {
  const until = START + settings.stormMs;
  const length = settings.intervalMinutes * MINUTE;
  const latest = settings.lateRepeats ? 2 * settings.identityHorizonHours * HOUR : APART_MS;
  const sends: Send[] = [];
  const [silent, loud] = [START + 5 * HOUR, until - 5 * HOUR];
  const isSilent = (at: number) => settings.silence && at > silent && at < loud;
  const anyTime = () => {
    if (!settings.silence) return random.integer(START, until - APART_MS);
    return random.chance(0.5) ? random.integer(START, silent - APART_MS / 2) : random.integer(loud, until - APART_MS);
  };
  const again = (at: number) => {
    const after = random.integer(1, latest);
    return random.chance(0.15) && at + after < until && !isSilent(at + after)
      ? { again: { after, version: random.integer(0, VERSIONS - 1) } }
      : {};
  };
  const someEnd = () => {
    const at = anyTime();
    return at - (at % length) + length;
  };
  // Many come around an interval's end, where it matters whose clock is ahead, and at some ends there are several.
  const ends = [someEnd(), someEnd(), someEnd()];
  const aroundEnd = () => (random.chance(0.5) ? random.pick(ends) : someEnd()) + random.integer(-30_000, 30_000);
  // Posts that come together are in one request, or in requests that follow while those before are on their way.
  const bursts = random.stream('burst').chance(0.3);
  for (let made = 0; made < posts;) {
    const at = random.chance(0.3) ? Math.min(aroundEnd(), until - APART_MS) : anyTime();
    // Some come in bursts, and some in one request.
    const together = random.chance(0.3) ? random.integer(2, 8) : 1;
    const hostile = () => random.chance(0.2) && { hostileAt: random.integer(0, together) };
    const some = Array.from({ length: Math.min(together, posts - made) }, () => settings.firstPost + made++);
    const apart = random.chance(0.4);
    if (!apart) {
      const complete = some.map((index) => ({ index, sections: SECTION_NAMES }));
      const requests = bursts ? complete.map((post) => [post]) : [complete];
      requests.forEach((posts, i) =>
        sends.push({ at: at + 300 * i, version: 0, posts, ...again(at), ...(requests.length === 1 && hostile()) }),
      );
      continue;
    }
    const far = at + FAR_MS < until && random.chance(0.1);
    for (const section of random.shuffled(SECTION_NAMES)) {
      // Some posts are never complete.
      const present = some.filter(() => random.chance(0.9));
      if (present.length === 0) continue;
      const later = random.chance(0.5) ? random.integer(0, far ? FAR_MS : APART_MS / 2) : random.integer(0, 10_000);
      // Some bring a section that was there before, and changed it.
      const sections = random.chance(0.3) ? [...new Set([section, random.pick(SECTION_NAMES)])] : [section];
      sends.push({
        ...{ at: at + later, version: random.integer(0, VERSIONS - 1), ...again(at + later), ...hostile() },
        posts: present.map((each) => ({ index: each, sections })),
      });
    }
  }
  return sends.sort((a, b) => a.at - b.at);
}

export const MOST_ADDED_PARTITIONS = 2;
const LENGTHS: ReadonlySet<Change> = new Set(LENGTH_CHANGES);

/** Functions that work when posts come; the others work after an interval's end. */
const AT_ONCE: readonly FunctionName[] = ['ingest', 'archive', 'aggregate'];

function makeFaults(random: Random, settings: Settings, sends: readonly Send[]): Fault[] {
  const { start, partitions } = settings;
  const until = start + settings.stormMs;
  const faults: Fault[] = [];
  const length = settings.intervalMinutes * MINUTE;
  /** Half of the time when the batch layer works: after an interval's end. */
  const anyTime = () => {
    const at = random.integer(start, until);
    return random.chance(0.5) ? Math.min(until, at - (at % length) + length + random.integer(-5_000, 60_000)) : at;
  };
  const soonAfterSend = () => (sends.length > 0 ? random.pick(sends).at + random.integer(-10_000, 10_000) : anyTime());
  /** A seed has its own weak point. */
  const focus = random.pick(FUNCTIONS);
  const target = () => (random.chance(0.6) ? focus : random.pick(FUNCTIONS));
  const whenAtWork = (name: FunctionName) => (AT_ONCE.includes(name) ? soonAfterSend() : anyTime());
  const disturbed = () => {
    const name = target();
    const at = whenAtWork(name);
    if (random.chance(0.3)) return { at, target: name, calls: calls() };
    return { at, target: name, calls: random.pick([0, 0, 0, 1, 2]), share: random.next() };
  };
  const calls = () => Math.floor(4 ** random.integer(0, 3) * random.next() * 2);
  const some = (most: number, make: () => Fault) => {
    for (let left = random.integer(0, most); left > 0; left--) faults.push(make());
  };
  some(8, () => {
    const at = random.chance(0.5) ? anyTime() : soonAfterSend();
    const outage = random.chance(0.2);
    return {
      kind: 'weather',
      service: random.pick(SERVICES),
      ...(random.chance(0.4) && { target: target() }),
      fate: random.pick(FATES),
      rate: outage ? 1 : random.pick([0.02, 0.1, 0.3]),
      at,
      until: Math.min(until, at + random.integer(MINUTE, outage ? HOUR : 6 * HOUR)),
    };
  });
  some(24, () => ({ kind: 'kill', ...disturbed(), withRuns: random.chance(0.3) }));
  some(10, () => ({ kind: 'stall', ...disturbed(), ms: random.integer(1_000, 10 * MINUTE) }));
  some(12, () => ({
    ...{ kind: 'rebalance', at: soonAfterSend(), source: random.pick(['archive', 'aggregate'] as const) },
    ...{ partition: random.integer(0, partitions - 1), back: random.integer(0, 20) },
    ms: random.chance(0.5) ? 0 : random.integer(0, 10 * MINUTE),
  }));
  some(16, () => ({
    ...{ kind: 'clock', at: soonAfterSend(), broker: random.integer(0, 2) },
    ahead: random.pick([0, 0, 500, -500, 3_000, -3_000, 20_000, -20_000, 100_000, -100_000, 10 * MINUTE]),
    grain: random.pick([1, 1, 1_000, 10_000]),
  }));
  const firstAfterSilence = settings.silence && sends.find(({ at }) => at > until - 5 * HOUR);
  const paused = firstAfterSilence && random.chance(0.5) ? [start + 3 * HOUR, firstAfterSilence.at] : undefined;
  if (paused) {
    // Nobody marks the end of the interval, so that what is behind the newest fold expires, and instances still know it.
    faults.push({ kind: 'scheduler', at: paused[0], ms: paused[1] - paused[0], dies: false });
  }
  if (firstAfterSilence) {
    // No interval can be sealed for hours, while each run writes its heartbeat records.
    const outage = { service: 's3', target: 'archive', fate: 'error', rate: 1 } as const;
    const at = start + random.integer(2 * HOUR, 5 * HOUR);
    if (random.chance(0.2)) faults.push({ kind: 'weather', ...outage, at, until: at + 14 * HOUR });
    const soon = () => firstAfterSilence.at + random.pick([0, random.integer(0, 10 * MINUTE)]);
    some(4, () => ({ kind: 'kill', at: soon(), target: 'aggregate', calls: random.integer(0, 9), withRuns: false }));
    some(3, () => ({
      ...{ kind: 'rebalance', at: soon(), source: 'aggregate', partition: random.integer(0, partitions - 1) },
      ...{ back: random.integer(1, 20), ms: 0 },
    }));
  }
  // A clock jumps over the end of an interval, and back.
  const nearEnd = sends.filter(({ at }) => length - (at % length) < 30_000);
  if (nearEnd.length > 0) {
    for (let left = random.integer(0, 6); left > 0; left--) {
      const { at } = random.pick(nearEnd);
      const clock = { kind: 'clock', broker: random.integer(0, partitions - 1), grain: 1 } as const;
      faults.push({ ...clock, at: at - 200, ahead: length - (at % length) + random.integer(0, 10_000) });
      faults.push({ ...clock, at: at + random.integer(200, 3_000), ahead: 0 });
    }
  }
  some(2, () => ({ kind: 'retention', at: anyTime(), ms: 30 * HOUR }));
  some(5, () => ({
    ...{ kind: 'run', at: anyTime() },
    ...(random.chance(0.5) && { range: { back: random.integer(1, 40), length: random.pick([0, 0, 1, 3]) } }),
  }));
  some(2, () => ({
    ...{ kind: 'scheduler', at: anyTime(), ms: random.pick([0, 0, 3 * HOUR, 9 * HOUR]), dies: random.chance(0.5) },
  }));
  const troubles = settings.silence ? [] : faults.filter(({ kind }) => kind === 'weather');
  some(8, () => {
    const trouble = troubles.length > 0 && random.chance(0.5) ? random.pick(troubles).at : undefined;
    return { kind: 'canary', at: trouble === undefined ? soonAfterSend() : trouble + random.integer(0, 10 * MINUTE) };
  });
  some(2, () => ({ kind: 'deploy', at: anyTime(), change: 'none' }));
  /** A run is at work while the parts of a deployment follow one another. */
  const beforeEnd = () => {
    const at = random.integer(start, until);
    return at - (at % length) + length - random.integer(0, 5 * MINUTE);
  };
  const deployThenBack = (change: Change, back: number) => {
    const at = Math.min(random.pick([soonAfterSend, anyTime, beforeEnd])(), until - HOUR);
    if (!random.chance(back)) return void faults.push({ kind: 'deploy', at, change });
    // Some are taken back at once, some after days.
    const latest = LENGTHS.has(change) || random.chance(0.3) ? Math.min(until, at + 3 * HOUR) : until;
    faults.push({ kind: 'deploy', at, change, backAt: random.integer(at + 5 * MINUTE, latest) });
  };
  for (const change of VIEW_CHANGES) if (random.chance(0.15)) deployThenBack(change, 0.5);
  if (random.chance(0.2)) deployThenBack('shorterHorizon', 0.5);
  if (settings.strict) {
    const at = random.integer(start, until - HOUR);
    faults.push({ kind: 'deploy', at, change: 'widerRule' });
    some(2, () => ({ kind: 'replay', at: random.integer(start, until) }));
  }
  if (sends.length > 0 && random.chance(0.15)) {
    const { at, posts } = random.pick(sends);
    faults.push({ kind: 'erase', at: Math.min(until, at + random.integer(HOUR, 12 * HOUR)), post: posts[0].index });
  }
  for (const change of LENGTH_CHANGES) if (random.chance(0.1)) deployThenBack(change, 1);
  some(1, () => ({
    ...{ kind: 'partitions', at: anyTime(), flow: random.chance(0.5) },
    partitions: partitions + random.integer(1, MOST_ADDED_PARTITIONS),
  }));
  // A deployment ends the instances that know something; what Kafka retains covers such a pause.
  const disturbsPause = (fault: Fault) => {
    if (!paused) return false;
    if (fault.kind === 'retention') return true;
    const times = fault.kind === 'deploy' ? deployments([fault]) : fault.kind === 'partitions' ? [fault] : [];
    return times.some(({ at }) => at >= paused[0] && at < paused[1]);
  };
  return faults.filter((fault) => !disturbsPause(fault)).sort((a, b) => a.at - b.at);
}

/** When something is deployed, or taken back, in order. */
export const deployments = (faults: readonly Fault[]): { readonly at: number; readonly change: Change }[] =>
  faults
    .flatMap((fault) => {
      if (fault.kind !== 'deploy') return [];
      const { at, change, backAt } = fault;
      return [{ at, change }, ...(backAt === undefined ? [] : [{ at: backAt, change }])];
    })
    .sort((a, b) => a.at - b.at);

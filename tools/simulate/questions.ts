/** Questions of clients to the query API: what is asked, and what an answer may be. */
import { type Layer, LAYERS } from '../../lambda/query/api';
import { type View } from '../../lambda/domain/views';
import { ask, type Answer, type Question } from './clients';
import { HOUR, type Plan } from './plan';
import { keyParts, type Added, type Expected } from './reference';
import { type Simulation } from './simulation';
import { ALL_VIEWS, BASE_VIEWS } from './versions';
import { InvariantError, type Random } from './world';

const MINUTE = 60_000;
/** What runs when a deployment ends may be of the version before for so long. */
const OVERLAP_MS = 15 * MINUTE;

/** Clocks of brokers are wrong by less. */
const CLOCKS_MS = 2 * HOUR;

const BASE_NAMES: readonly string[] = BASE_VIEWS.map(({ name }) => name);

/** Values by dimension; some are sent in another Unicode form. */
const FILTERS: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  category: [['travel', 'travel']],
  country: [
    ['Fiji', 'Fiji'],
    ['A\u030aland Islands', '\u00c5land Islands'],
  ],
  age_group: [['18-24', '18-24']],
  join_year: [['2013', '2013']],
};

export function makeQuestion(random: Random, plan: Plan): { readonly view: View; readonly question: Question } {
  const { start, stormMs } = plan.settings;
  const view = random.pick(
    ALL_VIEWS.filter(({ name }) => !BASE_NAMES.includes(name) || plan.settings.views.includes(name)),
  );
  const instant = () => {
    const at = start + random.integer(0, stormMs / HOUR) * HOUR;
    // Some are the start of a day.
    return random.chance(0.5) ? at - (at % (24 * HOUR)) : at;
  };
  const [a, b] = [instant(), instant()].sort((x, y) => x - y);
  const range = a < b ? random.pick([{}, {}, { from: a }, { to: b }, { from: a, to: b }]) : {};
  const filters = view.dimensions.flatMap((dimension) =>
    (FILTERS[dimension] ?? []).map(([sent, value]) => ({ dimension, sent, value })),
  );
  const filtered = !view.top && filters.length > 0 && random.chance(0.2) ? { filter: random.pick(filters) } : {};
  const paged = () => ({ limit: random.integer(1, 5), pauseMs: random.pick([0, 0, MINUTE, 20 * MINUTE, 3 * HOUR]) });
  const part = random.pick([() => ({}), paged, () => ({ top: random.integer(1, 5) })])();
  return { view, question: { layer: random.pick(LAYERS), ...range, ...filtered, ...part } };
}

/** What the view retains; of equal values those that come first. */
function trimmed({ top, dimensions }: View, counts: Expected): Expected {
  if (!top) return counts;
  if (dimensions.length !== 2) throw new Error('the order of keys is known for two texts only');
  const groups = Map.groupBy(counts, ([key]) => keyParts(key).slice(0, top.groupBy).join());
  const inOrder = (a: readonly [string, number], b: readonly [string, number]) =>
    b[1] - a[1] || Buffer.compare(Buffer.from(a[0]), Buffer.from(b[0]));
  return new Map([...groups.values()].flatMap((group) => group.sort(inOrder).slice(0, top.keep)));
}

/** What an answer must have, and what it may have. */
export interface Bounds {
  readonly must: (added: Added) => boolean;
  readonly may: (added: Added) => boolean;
}

/** @throws InvariantError if the answer has less than it must, or more than it may */
export function check(
  simulation: Simulation,
  invariant: string,
  view: View,
  { top, limit, filter, from = -Infinity, to = Infinity }: Omit<Question, 'layer'>,
  counts: Expected,
  { must, may }: Bounds,
): void {
  const { reference } = simulation;
  const place = filter ? view.dimensions.findIndex((each) => each === filter.dimension) : -1;
  // What was quarantined counts when it is replayed.
  const asked = ({ interval, key, post, anew }: Added) =>
    (simulation.isUncertain(post) || (!anew && interval >= from && interval < to)) &&
    (!filter || keyParts(key)[place] === filter.value);
  const sumOf = (of: (added: Added) => boolean) => reference.expected(view, (added) => asked(added) && of(added));
  const [least, most] = [sumOf(must), sumOf(may)];
  const exact = least.size === most.size && [...most].every(([key, value]) => least.get(key) === value);
  const wrong = (key: string, bound: string) => {
    const { [key]: got = 'absent' } = Object.fromEntries(counts);
    throw new InvariantError(invariant, `view ${view.name}: ${key} is ${got}, must be ${bound}`);
  };
  // Of pages each is of its own instant.
  if (view.top && !exact && limit === undefined) {
    const groups = Map.groupBy(counts.keys(), (key) => keyParts(key).slice(0, view.top!.groupBy).join());
    for (const [group, keys] of groups) if (keys.length > view.top.keep) wrong(group, `at most ${view.top.keep} keys`);
  }
  const [low, high] = exact ? [trimmed(view, least), trimmed(view, most)] : [view.top ? new Map() : least, most];
  for (const [key, value] of counts)
    if (value > (high.get(key) ?? -1)) wrong(key, `at most ${high.get(key) ?? 'absent'}`);
  const values = [...counts.values()];
  if (top !== undefined && values.some((value, i) => i > 0 && value > values[i - 1])) {
    throw new InvariantError(invariant, `view ${view.name}: the largest ${top} are out of order`);
  }
  // Of the largest rows only those that are larger than the last one must be there.
  const last = top !== undefined && values.length === top ? values[top - 1] : -Infinity;
  for (const [key, value] of low) if (value > last && value > (counts.get(key) ?? -1)) wrong(key, `at least ${value}`);
}

/** Asks, and compares with what an answer at this time may be. */
export async function pose(simulation: Simulation, view: View, question: Question): Promise<void> {
  const { world, versions, sources } = simulation;
  const { lateRepeats, speedTtlHours, intervalMinutes } = simulation.plan.settings;
  const asked = world.now;
  const committed = simulation.topic.partitions.map((_, partition) => sources.aggregate.committed(partition));
  const answer = await ask(simulation, view, question);
  if (!answer) return;
  const since = versions.since(view);
  // Of another definition, it is not asked for.
  if (since === Infinity || since > asked) return;
  const { asOf, boundary = -Infinity } = answer;
  const { layer } = question;
  // The layers remember repeats for different times: such a one counts in one of them, until it is published.
  if (lateRepeats && layer !== 'batch') return;
  // After outages of a day together, rows of the speed layer expire before the batch layer has their posts, and those behind them are not
  // found either. No configuration promises as much: its speedTtlHours cover outageHours. An interval is left out as a whole.
  const length = intervalMinutes * MINUTE;
  const firstLater = boundary + length;
  const oldest = asked - speedTtlHours * HOUR + CLOCKS_MS;
  const expired = simulation.topic.partitions.map(({ records }) =>
    records.some(({ timestamp }) => timestamp >= firstLater && timestamp - (timestamp % length) <= oldest),
  );
  const mayBeSeen = versions.mayBeSeen(view);
  // An instance looks for partitions beyond those that it was deployed with once a minute.
  const isKnown = simulation.topic.partitions.map(({ addedAt }) => asked >= addedAt + 2 * MINUTE);
  const bounds = {
    batch: {
      must: ({ interval }: Added) => interval <= boundary,
      may: ({ interval }: Added) => interval <= boundary,
    },
    merged: {
      // What was there by then; and what the speed layer has applied, whatever the clock of its broker says.
      must: ({ interval, newest, seen, offset, partition }: Added) =>
        interval <= boundary ||
        (!expired[partition] &&
          isKnown[partition] &&
          ((newest < asOf && seen <= asked) || offset < (committed[partition] ?? 0))),
      may: (added: Added) => added.interval <= boundary || mayBeSeen(added),
    },
    speed: { must: () => false, may: mayBeSeen },
  }[layer];
  check(simulation, layer, view, question, answer.counts, settled(simulation, view, layer, bounds));
}

/** While nothing fails, there is an answer. */
export async function answerTo(simulation: Simulation, view: View, question: Question): Promise<Answer> {
  const answer = await ask(simulation, view, question);
  if (!answer) throw new InvariantError('live', `view ${view.name} has no answer`);
  return answer;
}

/** A view of a new definition must have what came after its deployment. */
export function settled(simulation: Simulation, view: View, layer: Layer, { must, may }: Bounds): Bounds {
  const from = simulation.versions.since(view) + OVERLAP_MS;
  // A post that waited at the deployment is in no speed row of a view that needs other columns.
  const isSettled = ({ interval, since }: Added) => interval >= from && (layer === 'batch' || since >= from);
  const isSure = (added: Added) => isSettled(added) && !simulation.isUncertain(added.post);
  return {
    must: (added) => must(added) && isSure(added),
    may: (added) => may(added) || simulation.isUncertain(added.post),
  };
}

/**
 * Whether the layers may differ in the interval: by posts that were erased or replayed, or waited at the deployment of the view. The
 * interval of the deployment itself is not compared.
 */
export function mayDiffer(simulation: Simulation, view: View, at: number): boolean {
  const since = simulation.versions.since(view) + OVERLAP_MS;
  const isOther = (added: Added) =>
    added.interval === at && ((added.firstInterval < at && added.since < since) || simulation.isUncertain(added.post));
  return simulation.reference.expected(view, isOther).size > 0;
}

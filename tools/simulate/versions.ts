/**
 * Versions that are deployed on live data, and what each promises of its views. `docs/how-to/change-a-live-deployment.md` says it:
 * a view whose definition is new has no rows of before until they are backfilled, and the rows of before are never misread.
 */
import { findView, VIEWS, type View } from '../../lambda/domain/views';

/** What a deployment consists of. */
export interface Version {
  readonly views: readonly View[];
  /** Intervals with posts that the speed layer remembers. */
  readonly horizon: number;
  readonly intervalMinutes: number;
  /** Quarantines some posts that later versions accept. */
  readonly strict: boolean;
}

/** The views, with so few keys of a group that there are more. */
export const BASE_VIEWS = VIEWS.map((view): View => (view.top ? { ...view, top: { ...view.top, keep: 2 } } : view));

/** Those of some names. */
export const baseViews = (names: readonly string[]): View[] => BASE_VIEWS.filter(({ name }) => names.includes(name));

/** Over columns that are stored anyway. */
const ONE_SECTION: View = {
  name: 'posts_by_join_year',
  description: 'Users per year of joining',
  dimensions: ['join_year'],
  merge: 'sum',
};
/** Needs a column more of posts that wait. */
const JOINED: View = {
  name: 'media_by_country',
  description: 'Posts per country and media type',
  dimensions: ['country', 'media_type'],
  merge: 'sum',
};
const LESS = 'followers_by_age_group';
const SWAPPED: View = {
  ...(findView('category_by_country') as View & { merge: 'sum' }),
  dimensions: ['category', 'country'],
};

/** Whether some change is of the view. */
export const isChanged = ({ name, top }: View): boolean => name === LESS || name === SWAPPED.name || top !== undefined;

const replaced = (version: Version, views: readonly View[]): Version => ({
  ...version,
  views: version.views.map((view) => views.find(({ name }) => name === view.name) ?? view),
});
const retaining = (keep: number) =>
  BASE_VIEWS.flatMap((view): View[] => (view.top ? [{ ...view, top: { ...view.top, keep } }] : []));

/** Intervals that the speed layer remembers beyond what it needs. */
export const SPARE_HORIZON = 4;

/** In this order, whatever the order of deployments. */
const CHANGES = {
  view: (version) => ({ ...version, views: [...version.views, ONE_SECTION] }),
  joinedView: (version) => ({ ...version, views: [...version.views, JOINED] }),
  viewLess: (version) => ({ ...version, views: version.views.filter(({ name }) => name !== LESS) }),
  dimensions: (version) => replaced(version, [SWAPPED]),
  topUp: (version) => replaced(version, retaining(5)),
  topDown: (version) => replaced(version, retaining(1)),
  shorterHorizon: (version) => ({ ...version, horizon: version.horizon - SPARE_HORIZON }),
  widerRule: (version) => ({ ...version, strict: false }),
  longer: (version) => ({ ...version, intervalMinutes: 2 * version.intervalMinutes }),
  shorter: (version) => ({ ...version, intervalMinutes: version.intervalMinutes / 2 }),
} as const satisfies Record<string, (version: Version) => Version>;

/** What a deployment changes. `none`: new instances of the same version. */
export type Change = 'none' | keyof typeof CHANGES;

/** Changes of views: a plain deployment each, and a backfill. */
export const VIEW_CHANGES = ['view', 'joinedView', 'viewLess', 'dimensions', 'topUp', 'topDown'] as const;
/** Another length of an interval, which every step stops at: it is always taken back. */
export const LENGTH_CHANGES = ['longer', 'shorter'] as const;

/** Names what a view counts; what it retains of that is another matter. */
export const countedBy = ({ name, dimensions, merge, value }: View): string =>
  JSON.stringify([name, dimensions, merge, value]);
const columnsOf = ({ dimensions, value }: View): readonly string[] => [...dimensions, ...(value ? [value] : [])];
const isEqual = (a: View, b: View) =>
  a === b || (a.name === b.name && countedBy(a) === countedBy(b) && JSON.stringify(a.top) === JSON.stringify(b.top));

/** Views that only some versions have. */
export const CHANGED_VIEWS: readonly View[] = [ONE_SECTION, JOINED, SWAPPED];
/** Every view of any version, each once. */
export const ALL_VIEWS: readonly View[] = [...BASE_VIEWS, ...CHANGED_VIEWS];

/** The versions one after the other. */
export class Versions {
  private readonly active = new Set<Change>();
  private readonly deployed: { readonly version: Version; readonly applied: readonly number[]; ready: number }[];

  constructor(private readonly first: Version) {
    this.deployed = [{ version: first, applied: [], ready: -Infinity }];
  }

  get current(): Version {
    return this.deployed[this.deployed.length - 1].version;
  }

  /** Whether a change is deployed, and was not taken back. */
  has(change: Change): boolean {
    return this.active.has(change);
  }

  /**
   * Begins a deployment.
   * @param back takes the change back
   * @param applied by partition, the offset up to which the speed layer has the topic
   */
  begin(change: Change, back: boolean, applied: readonly number[]): Version {
    if (back) this.active.delete(change);
    else this.active.add(change);
    const version = Object.entries(CHANGES).reduce(
      (made, [name, apply]) => (this.active.has(name as Change) ? apply(made) : made),
      this.first,
    );
    this.deployed.push({ version, applied, ready: Infinity });
    return version;
  }

  /** All functions are of the newest version. */
  end(now: number): void {
    this.deployed[this.deployed.length - 1].ready = now;
  }

  /** All intervals were computed by the newest version. */
  backfilled(): void {
    const { version } = this.deployed[this.deployed.length - 1];
    this.deployed.splice(0, Infinity, { version, applied: [], ready: -Infinity });
  }

  /** When the newest deployment ended, ms; Infinity while it goes on. */
  get ready(): number {
    return this.deployed[this.deployed.length - 1].ready;
  }

  /** Whether the speed layer may have a record in this view: some version stored each column that it needs, by then. */
  mayBeSeen(view: View): (record: { readonly partition: number; readonly offset: number }) => boolean {
    const storing =
      (column: string) =>
      ({ version }: { readonly version: Version }) =>
        version.views.some((each) => columnsOf(each).includes(column));
    const applied = columnsOf(view).map((column) => this.deployed.find(storing(column))?.applied);
    return ({ partition, offset }) => applied.every((each) => each !== undefined && offset >= (each[partition] ?? 0));
  }

  /** Since when all functions have known this definition, ms; Infinity if not all do. */
  since(view: View): number {
    let since = Infinity;
    for (const { version, ready } of this.deployed.toReversed()) {
      if (!version.views.some((each) => isEqual(each, view))) break;
      since = ready;
    }
    return since;
  }
}

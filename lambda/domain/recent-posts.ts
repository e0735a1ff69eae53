/**
 * Which sections of recent posts have arrived in a partition, and the columns of those that wait for others. They are grouped by the
 * interval in which a section arrived, and leave with their interval.
 *
 * Invariants: a section counts once, by its first arrival, as long as it is remembered; what is remembered after a record depends on the
 * log alone, not on batches, instances or the clock: the newest interval with posts and `horizon` such intervals before it, and nothing
 * that the batch layer has forgotten by then.
 */
import { ALL_SECTIONS, maskOfPresent, type SectionMask } from './merge';
import { columnOf, SECTIONS, type ColumnName, type Section, type SectionColumns, type Sections } from './columns';
import { horizonStart, type IntervalStart } from './intervals';
import { IndexMasks } from './index-masks';
import { type PostColumns } from './post-columns';

interface Group {
  readonly interval: IntervalStart;
  readonly arrived: IndexMasks;
  /** Columns of sections whose posts are incomplete, by the post's index. */
  readonly waiting: Map<number, Sections>;
}

export interface Remembered {
  readonly known: SectionMask;
  readonly news: SectionMask;
  /** The columns of all known sections, as far as a view needs them later. */
  readonly sections: Sections;
}

/** Those columns of the sections in the mask. */
function pick(sections: Sections, mask: SectionMask, names: readonly ColumnName[]): Sections {
  const picked: Partial<Record<Section, Record<string, SectionColumns[string]>>> = {};
  for (const [place, section] of SECTIONS.entries()) {
    if ((mask & (1 << place)) !== 0) picked[section] = {};
  }
  for (const name of names) {
    const { section } = columnOf(name);
    const into = picked[section];
    if (into) into[name] = sections[section]?.[name] ?? null;
  }
  return picked;
}

export class RecentPosts {
  /** Oldest first. */
  private groups: Group[] = [];

  /**
   * @param horizon intervals with posts before the newest one
   * @param hours how far back the batch layer remembers: what is older is in no row of the store either
   * @param columns that views need of an incomplete post
   */
  constructor(
    private readonly horizon: number,
    private readonly hours: number,
    private readonly columns: readonly ColumnName[],
  ) {}

  /** How many sections and posts are remembered. */
  get size(): number {
    return this.groups.reduce((sum, { arrived }) => sum + arrived.size, 0);
  }

  /** Of memory, without incomplete posts. */
  get bytes(): number {
    return this.groups.reduce((sum, { arrived }) => sum + arrived.bytes, 0);
  }

  /** Takes note of sections that arrive. @returns undefined if none of them is new */
  remember(interval: IntervalStart, index: number, sections: Sections): Remembered | undefined {
    this.forget(horizonStart(interval, this.hours));
    const arrived = maskOfPresent(sections);
    const before = this.maskOf(index);
    const news = arrived & ~before;
    if (news === 0) return undefined;
    const known = before | news;
    const all = before === 0 ? sections : this.allOf(index, sections);
    this.add(interval, index, known, news, sections);
    return { known, news, sections: all };
  }

  /** The first arrival of a section counts, so its stored values replace the ones that arrived now. */
  private allOf(index: number, sections: Sections): Sections {
    const all: Partial<Record<Section, SectionColumns>> = { ...sections };
    for (const { waiting } of this.groups) Object.assign(all, waiting.get(index));
    return all;
  }

  /** Takes note of what was stored of posts. */
  replay(interval: IntervalStart, posts: PostColumns): void {
    const [index, known, news] = [posts.index.all, posts.known.all, posts.news.all];
    for (let row = 0; row < index.length; row++) {
      const sections: Partial<Record<Section, Record<string, SectionColumns[string]>>> = {};
      for (const name of this.columns) {
        const { section } = columnOf(name);
        (sections[section] ??= {})[name] = posts.columns.get(name)?.valueAt(row) ?? null;
      }
      this.add(interval, index[row], known[row], news[row], sections);
    }
  }

  private maskOf(index: number): SectionMask {
    let mask: SectionMask = 0;
    for (const { arrived } of this.groups) mask |= arrived.get(index);
    return mask;
  }

  private add(interval: IntervalStart, index: number, known: SectionMask, news: SectionMask, sections: Sections): void {
    const group = this.groupOf(interval);
    group.arrived.add(index, news);
    if (known === ALL_SECTIONS) {
      for (const { waiting } of this.groups) if (waiting.size > 0) waiting.delete(index);
    } else {
      group.waiting.set(index, { ...group.waiting.get(index), ...pick(sections, news, this.columns) });
    }
  }

  private forget(before: IntervalStart): void {
    if (this.groups.some(({ interval }) => interval < before)) {
      this.groups = this.groups.filter(({ interval }) => interval >= before);
    }
  }

  private groupOf(interval: IntervalStart): Group {
    const known = this.groups.findLast((each) => each.interval === interval);
    if (known) return known;
    const group: Group = { interval, arrived: new IndexMasks(), waiting: new Map() };
    this.groups = [...this.groups, group].slice(-1 - this.horizon);
    return group;
  }
}

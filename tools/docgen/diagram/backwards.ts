/** Which arrows go back up: what a step leaves for the next round of an earlier one. */
import { type Arrow } from './model';

/**
 * The fewest arrows without which no way leads back to where it began; of equals, those by which a step reads: what it writes
 * stands below it.
 */
export function backwards(arrows: readonly Arrow[]): ReadonlySet<Arrow> {
  for (let most = 0; ; most++) {
    const found = breaking(arrows, most);
    if (found) return new Set(found);
  }
}

/** At most so many arrows that break every circle; undefined if that takes more. */
function breaking(arrows: readonly Arrow[], most: number): readonly Arrow[] | undefined {
  const circle = circleIn(arrows);
  if (!circle) return [];
  if (most === 0) return undefined;
  // One arrow of each circle must go, so no others need to be tried.
  for (const arrow of circle.toSorted((a, b) => Number(reads(b)) - Number(reads(a)))) {
    const others = breaking(
      arrows.filter((each) => each !== arrow),
      most - 1,
    );
    if (others) return [arrow, ...others];
  }
  return undefined;
}

const reads = ({ from }: Arrow) => /^(s3|table|topic):/.test(from);

function circleIn(arrows: readonly Arrow[]): readonly Arrow[] | undefined {
  const done = new Set<string>();
  const search = (id: string, path: readonly Arrow[]): readonly Arrow[] | undefined => {
    const start = path.findIndex(({ from }) => from === id);
    if (start >= 0) return path.slice(start);
    if (done.has(id)) return undefined;
    for (const arrow of arrows.filter(({ from }) => from === id)) {
      const circle = search(arrow.to, [...path, arrow]);
      if (circle) return circle;
    }
    done.add(id);
    return undefined;
  };
  for (const { from } of arrows) {
    const circle = search(from, []);
    if (circle) return circle;
  }
  return undefined;
}

import { type Box, type Diagram } from './model';

const STORES: ReadonlySet<string> = new Set(['bucket', 'table']);

/** Merges stores of a kind that the same steps write and read: their arrows would run side by side. */
export function mergeStores({ boxes, arrows }: Diagram): Diagram {
  const signature = (box: Box) =>
    STORES.has(box.kind)
      ? [
          box.kind,
          ...arrows.filter(({ to }) => to === box.id).map(({ from }) => `< ${from}`),
          ...arrows.filter(({ from }) => from === box.id).map(({ to }) => `> ${to}`),
        ].join('\n')
      : box.id;
  const groups = new Map<string, Box[]>();
  for (const box of boxes) groups.set(signature(box), [...(groups.get(signature(box)) ?? []), box]);
  const merged = [...groups.values()].map(([first, ...others]) => ({
    ...first,
    lines: [...first.lines, ...others.map(({ title }) => title)],
    others,
  }));
  const first = new Map(merged.flatMap(({ id, others }) => others.map((each) => [each.id, id])));
  const left = arrows.filter(({ from, to }) => !first.has(from) && !first.has(to));
  return { boxes: merged.map(({ others: _others, ...box }) => box), arrows: left };
}

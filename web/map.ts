/** Draws the pipeline: nodes in a grid that CSS lays out, and lines between their positions. */
import { type StatusResponse } from '../lambda/query/api';
import { el, svg } from './dom';
import { EDGES, NODES, nodeText, type NodeText } from './nodes';

const SPARK_WIDTH = 100;
const SPARK_HEIGHT = 22;

export interface PipelineMap {
  show(status: StatusResponse): void;
}

export function pipelineMap(host: HTMLElement): PipelineMap {
  const lines = svg('svg', { class: 'lines', 'aria-hidden': true });
  const list = el('ol', { class: 'nodes' });
  const boxes = new Map<string, HTMLLIElement>();
  for (const { id, title, kind, layer } of NODES) {
    const box = el(
      'li',
      { class: `node ${layer}`, 'data-node': id },
      el('p', { class: 'name' }, el('strong', {}, title), ' ', el('span', { class: 'quiet' }, kind)),
      el('div', { class: 'text' }),
    );
    boxes.set(id, box);
    list.append(box);
  }
  host.append(lines, list);
  let live: ReadonlySet<string> = new Set();
  const draw = () => drawLines(lines, host, boxes, live);
  new ResizeObserver(draw).observe(host);
  return {
    show(status) {
      const texts = new Map(NODES.map(({ id }) => [id, nodeText(id, status)]));
      live = new Set([...texts].filter(([, text]) => text.live).map(([id]) => id));
      for (const [id, text] of texts) fillNode(boxes.get(id)!, text);
      draw();
    },
  };
}

function fillNode(box: HTMLLIElement, { main, unit, note, spark, alert }: NodeText): void {
  box.classList.toggle('alerting', alert !== undefined);
  box
    .querySelector('.text')!
    .replaceChildren(
      el('p', { class: 'main' }, el('b', {}, main), ' ', el('span', {}, unit)),
      el('p', { class: 'quiet' }, note),
      ...(spark ? [sparkline(spark)] : []),
      ...(alert ? [el('p', { class: 'alert' }, alert)] : []),
    );
}

function sparkline(values: readonly (number | null)[]): SVGElement {
  const most = Math.max(1, ...values.map((value) => value ?? 0));
  const step = SPARK_WIDTH / Math.max(1, values.length - 1);
  const points = values.map(
    (value, i) =>
      `${(i * step).toFixed(1)},${(SPARK_HEIGHT - 1 - ((value ?? 0) / most) * (SPARK_HEIGHT - 3)).toFixed(1)}`,
  );
  return svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': true },
    svg('polygon', { points: `0,${SPARK_HEIGHT} ${points.join(' ')} ${SPARK_WIDTH},${SPARK_HEIGHT}` }),
    svg('polyline', { points: points.join(' ') }),
  );
}

/** Nodes side by side are joined at their sides, nodes above each other at top and bottom. */
function drawLines(
  lines: SVGSVGElement,
  host: HTMLElement,
  boxes: ReadonlyMap<string, HTMLElement>,
  live: ReadonlySet<string>,
): void {
  const origin = host.getBoundingClientRect();
  lines.setAttribute('viewBox', `0 0 ${origin.width} ${origin.height}`);
  const paths = EDGES.map(([from, to, layer, by]) => {
    const a = boxes.get(from)!.getBoundingClientRect();
    const b = boxes.get(to)!.getBoundingClientRect();
    return svg('path', {
      d: pathBetween(a, b, origin),
      class: `${layer}${live.has(by) ? ' live' : ''}`,
    });
  });
  lines.replaceChildren(...paths);
}

function pathBetween(a: DOMRect, b: DOMRect, origin: DOMRect): string {
  const at = (x: number, y: number) => `${(x - origin.left).toFixed(1)} ${(y - origin.top).toFixed(1)}`;
  if (b.left >= a.right) {
    const [y1, y2] = [a.top + a.height / 2, b.top + b.height / 2];
    const bend = (b.left - a.right) / 2;
    return `M${at(a.right, y1)} C${at(a.right + bend, y1)} ${at(b.left - bend, y2)} ${at(b.left, y2)}`;
  }
  const [upper, lower, down] = a.top <= b.top ? [a, b, true] : [b, a, false];
  const [x1, x2] = [upper.left + upper.width / 2, lower.left + lower.width / 2];
  const bend = (lower.top - upper.bottom) / 2;
  const [start, end] = [at(x1, upper.bottom), at(x2, lower.top)];
  const [c1, c2] = [at(x1, upper.bottom + bend), at(x2, lower.top - bend)];
  return down ? `M${start} C${c1} ${c2} ${end}` : `M${end} C${c2} ${c1} ${start}`;
}

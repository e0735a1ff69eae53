/** Draws chart data with Chart.js; only the parts in use are bundled. */
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  type ChartDataset,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  type Plugin,
  PointElement,
  Tooltip,
} from 'chart.js';
import { type ChartData } from './answers';
import { compact, number } from './format';

Chart.register(
  ...[BarController, BarElement, CategoryScale, Filler, Legend, LinearScale, LineController, LineElement],
  ...[PointElement, Tooltip],
);

/** Height in pixels of a horizontal bar with its spacing, and of the axis. */
const BAR_ROW = 26;
const AXIS = 44;
const LONGEST_LABEL = 20;
const GAP = 6;

/** The last curve is dashed: if all curves are equal, it would otherwise hide the others. */
const LINE = {
  borderWidth: 2,
  pointStyle: 'line' as const,
  pointRadius: 0,
  pointHitRadius: 12,
  tension: 0.25,
  spanGaps: true,
};

export interface DrawnChart {
  /** Applies changes in place. A chart of another kind is rebuilt. */
  show(data: ChartData): void;
  /** Applies the colours of the theme. */
  repaint(): void;
}

export function drawnChart(canvas: HTMLCanvasElement): DrawnChart {
  let shown: ChartData | undefined;
  let chart: Chart | undefined;
  const build = (data: ChartData) => {
    chart?.destroy();
    const { parentElement: frame } = canvas;
    frame!.style.minHeight = data.kind === 'bars' ? `${data.labels.length * BAR_ROW + AXIS}px` : '';
    chart = new Chart(canvas, configurationOf(data));
  };
  return {
    show(data) {
      const same = shown && chart && shown.kind === data.kind && shown.labels.length === data.labels.length;
      const changed = JSON.stringify(shown) !== JSON.stringify(data);
      shown = data;
      if (!same) build(data);
      else if (changed) {
        chart!.data = configurationOf(data).data;
        chart!.update();
      }
    },
    repaint() {
      if (shown) build(shown);
    },
  };
}

/** A colour of the theme in a form that a canvas accepts: the browser resolves the CSS variable. */
function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Colours of the theme: the accent first, then those of further series. */
function colours(count: number, kind: ChartData['kind']): string[] {
  if (count === 1) return [colour('--answer')];
  if (kind === 'lines') return ['--ink', '--batch', '--speed'].map(colour);
  return Array.from({ length: count }, (_, i) => colour(`--series-${i + 1}`));
}

function configurationOf(data: ChartData): ChartConfiguration {
  const { kind, labels, series, details, unit } = data;
  const lines = kind === 'lines';
  const palette = colours(series.length, kind);
  const datasets = series.map(({ name, values }, i): ChartDataset => {
    const paint = palette[i % palette.length];
    const common = { label: name, data: [...values], backgroundColor: paint, borderColor: paint };
    return lines
      ? { ...common, type: 'line', ...LINE, order: -i, borderDash: i === series.length - 1 && i > 0 ? [5, 4] : [] }
      : { ...common, type: 'bar', borderRadius: 3, borderWidth: 0, maxBarThickness: kind === 'bars' ? 20 : 40 };
  });
  const ink = colour('--quiet');
  const grid = { color: colour('--line'), drawTicks: false };
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const values = {
    beginAtZero: true,
    stacked: kind === 'stacked',
    border: { display: false },
    grid,
    ticks: { color: ink, font, maxTicksLimit: 6, callback: (value: string | number) => compact(Number(value)) },
    title: { display: true, text: unit, color: ink, font },
  };
  const names = {
    stacked: kind === 'stacked',
    border: { color: colour('--line') },
    grid: { display: false },
    ticks: {
      color: ink,
      font,
      autoSkip: kind !== 'bars',
      maxRotation: 0,
      autoSkipPadding: 12,
      callback: (_value: string | number, i: number) => shortened(labels[i]),
    },
  };
  const bars = kind === 'bars';
  return {
    type: lines ? 'line' : 'bar',
    data: { labels: [...labels], datasets },
    plugins: details ? [besideBars(details, [ink, colour('--card')], font)] : [],
    options: {
      indexAxis: bars ? 'y' : 'x',
      maintainAspectRatio: false,
      animation: matchMedia('(prefers-reduced-motion: reduce)').matches ? false : { duration: 300 },
      interaction: { mode: 'index', intersect: false, axis: bars ? 'y' : 'x' },
      scales: bars ? { x: { ...values, grace: details ? '30%' : 0 }, y: names } : { x: names, y: values },
      plugins: {
        legend: {
          display: series.length > 1,
          position: 'bottom',
          labels: { color: ink, font, boxWidth: lines ? 24 : 10, boxHeight: 10, usePointStyle: lines },
        },
        tooltip: {
          callbacks: {
            label: ({ dataset, raw, dataIndex }) =>
              ` ${series.length > 1 ? `${dataset.label}: ` : ''}${number(raw as number | null)} ${unit}` +
              (details ? ` · ${details[dataIndex]}` : ''),
          },
        },
      },
    },
  };
}

function shortened(label: string): string {
  return label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1).trimEnd()}…` : label;
}

/** Writes a bar's detail after its end or, if there is not enough room, inside it. */
function besideBars(
  details: readonly string[],
  [outside, inside]: readonly [string, string],
  font: { readonly family: string; readonly size: number },
): Plugin {
  return {
    id: 'besideBars',
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      ctx.save();
      ctx.font = `${font.size}px ${font.family}`;
      ctx.textBaseline = 'middle';
      chart.getDatasetMeta(0).data.forEach((bar, i) => {
        const { x, y } = bar.getProps(['x', 'y'], true);
        const [behind, within] = [chartArea.right - x - GAP, x - chartArea.left - 2 * GAP];
        const isInside = ctx.measureText(details[i] ?? '').width > behind && within > behind;
        const text = fitting(ctx, details[i] ?? '', isInside ? within : behind);
        ctx.fillStyle = isInside ? inside : outside;
        ctx.textAlign = isInside ? 'right' : 'left';
        ctx.fillText(text, isInside ? x - GAP : x + GAP, y);
      });
      ctx.restore();
    },
  };
}

function fitting(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  if (ctx.measureText(text).width <= width) return text;
  for (let length = text.length - 1; length > 0; length--) {
    const cut = `${text.slice(0, length).trimEnd()}…`;
    if (ctx.measureText(cut).width <= width) return cut;
  }
  return '';
}

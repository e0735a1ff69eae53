/** The status page: queries the API periodically and shows the results. */
import {
  type AnswerResponse,
  type AnswersResponse,
  type Provenance,
  type StatusResponse,
  type ViewResponse,
} from '../lambda/query/api';
import { chartOf, shownOrder, totalOf } from './answers';
import { card, type Card } from './cards';
import { byId, el, table } from './dom';
import { number, time, words } from './format';
import { pipelineMap } from './map';
import { liveChart, newest, sum, vitalsOf, type Vital } from './status';
import { startTheme } from './theme';

/** Metrics are at most 15 s old; answers cost reads of the store. */
const STATUS_MS = 15_000;
const ANSWERS_MS = 30_000;

const LIVE = [
  {
    id: 'throughput',
    title: 'Records a minute',
    metric: 'received',
    unit: 'records',
    steps: ['ingest', 'archive', 'aggregate'],
  },
  {
    id: 'freshness',
    title: 'Freshness: append to served, slowest of each minute',
    metric: 'freshness',
    unit: 'ms',
    steps: ['aggregate'],
  },
] as const;

const cards = new Map<string, Card>();
const map = pipelineMap(byId('map'));
let posts: number | undefined;
let status: StatusResponse | undefined;

/** The path is relative to the page, which a stage may serve under a prefix. */
async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { headers: { accept: 'application/json' } });
  const body = (await response.json()) as T & { readonly message?: string };
  if (!response.ok) throw new Error(`${path} responded with ${response.status}: ${body.message ?? 'no reason given'}`);
  return body;
}

function layer(): string {
  return document.querySelector<HTMLInputElement>('input[name=layer]:checked')?.value ?? 'merged';
}

function cardOf(id: string, title: string, host: HTMLElement): Card {
  const found = cards.get(id) ?? card(id, title);
  if (!cards.has(id)) host.append(found.element);
  cards.set(id, found);
  return found;
}

function showVitals(vitals: readonly Vital[]): void {
  byId('vitals').replaceChildren(
    ...vitals.map(({ name, value, note, mood }) =>
      el('div', { class: `vital ${mood}` }, el('dt', {}, name), el('dd', {}, el('b', {}, value), el('span', {}, note))),
    ),
  );
}

function showSteps({ steps }: StatusResponse): void {
  const rows = (steps ?? []).flatMap(({ step, metrics }) =>
    metrics.map(({ name, unit, statistic, values }) => [
      step,
      words(name),
      statistic === 'Sum' ? sum(values) : Math.max(0, ...values.map((value) => value ?? 0)),
      newest(values),
      unit === 'Milliseconds' ? 'ms, largest' : unit === 'Count' ? 'count' : unit.toLowerCase(),
    ]),
  );
  byId('steps').replaceChildren(
    table('Numbers of each step', ['step', 'metric', 'half an hour', 'last minute', 'unit'], rows, (value) =>
      typeof value === 'number' ? number(value) : (value ?? '–'),
    ),
  );
}

function showStatus(next: StatusResponse): void {
  status = next;
  byId('stage').textContent = `Stage ${next.stage} ·`;
  byId('updated').textContent = `updated ${next.now.slice(11, 19)} UTC`;
  showVitals(vitalsOf(next, posts));
  map.show(next);
  showSteps(next);
  for (const { id, title, metric, unit, steps } of LIVE) {
    const drawn = liveChart(
      next,
      steps.map((step) => [step, metric] as const),
      unit,
    );
    const rows = (drawn?.labels ?? []).map((label, i) => ({
      minute: label,
      ...Object.fromEntries((drawn?.series ?? []).map(({ name, values }) => [name, values[i] ?? '–'])),
    }));
    cardOf(id, title, byId('live')).show(drawn, { columns: ['minute', ...steps], rows });
  }
}

function showProvenance({ boundary, asOf, intervals }: Provenance): void {
  const now = status?.now ?? new Date().toISOString();
  const parts = [
    `${number(intervals.batch)} batch ${intervals.batch === 1 ? 'period' : 'periods'} up to ${time(boundary, now)}`,
    `${number(intervals.speed)} speed ${intervals.speed === 1 ? 'interval' : 'intervals'} after it`,
    `complete as of ${time(asOf, now, true)} UTC`,
  ];
  byId('provenance').textContent = `${parts[0]}, ${parts[1]}; ${parts[2]}.`;
}

async function refreshStatus(): Promise<void> {
  showStatus(await get<StatusResponse>('status'));
}

async function refreshAnswers(): Promise<void> {
  const requested = layer();
  const answers = shownOrder((await get<AnswersResponse>('answers')).answers);
  const counted = totalOf((path) => get<ViewResponse>(path), `views/posts_by_category?layer=${requested}`);
  const all = await Promise.all(answers.map(({ name }) => get<AnswerResponse>(`answers/${name}?layer=${requested}`)));
  // The reader chose another layer in the meantime: its answers will follow.
  if (requested !== layer()) return;
  if (document.documentElement.dataset.layer !== requested) {
    document.documentElement.dataset.layer = requested;
    cards.forEach((each) => each.repaint());
  }
  answers.forEach(({ name, description }, i) => {
    const { columns, rows } = all[i];
    cardOf(name, description, byId('charts')).show(chartOf(name, columns, rows), { columns, rows });
  });
  const { total, provenance } = await counted;
  posts = total;
  showProvenance(provenance);
  if (status) showVitals(vitalsOf(status, posts));
}

const errors = new Map<string, string>();

/** Runs immediately and then periodically while the page is visible. */
function poll(name: string, refresh: () => Promise<void>, every: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = async () => {
    clearTimeout(timer);
    try {
      await refresh();
      errors.delete(name);
    } catch (error) {
      errors.set(name, error instanceof Error ? error.message : String(error));
    }
    const notice = byId('error');
    const texts = [...errors.values()];
    notice.hidden = texts.length === 0;
    notice.textContent = texts.length === 0 ? '' : `This page is not current: ${texts.join('; ')}. Retrying.`;
    document.documentElement.dataset[name] = errors.has(name) ? 'failed' : 'shown';
    timer = setTimeout(() => document.visibilityState === 'visible' && void run(), every);
  };
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && void run());
  void run();
  return () => void run();
}

startTheme(byId('theme') as HTMLButtonElement, () => cards.forEach((each) => each.repaint()));
poll('status', refreshStatus, STATUS_MS);
const refreshNow = poll('answers', refreshAnswers, ANSWERS_MS);
byId('layers').addEventListener('change', refreshNow);

/** What a stage carries: each component's load, limit and share at a rate, and the first that binds. */
import { type PipelineConfig } from '../../lib/config';
import {
  adviceFor,
  bindsAt,
  changeText,
  firstToBind,
  numberText,
  sceneOf,
  smallestChange,
  sourceText,
  used,
} from '../../lib/capacity/capacity';
import { type Scene } from '../../lib/capacity/loads';
import { COMPONENTS, type Effect } from '../../lib/capacity/model';
import { textTable } from '../kit/table';

export interface Row {
  readonly component: string;
  readonly unit: string;
  readonly effect: Effect;
  /** Null: nobody measured it. */
  readonly load: number | null;
  /** Null: no page states it and nobody measured it. */
  readonly limit: number | null;
  /** Address of a page of AWS, key of the configuration, or document of this project. */
  readonly source: string | null;
  readonly share: number | null;
  /** Posts a second at which the limit is reached; null where the rate does not decide, or the limit is unknown. */
  readonly bindsAt: number | null;
  /** What carries the load; null where it is carried already. */
  readonly change: string | null;
}

export interface First {
  readonly component: string;
  /** Posts a second. */
  readonly rate: number;
  /** What carries twice as much. */
  readonly change: string;
}

export interface Report {
  readonly stage: string;
  /** Posts a second that the stage is built for. */
  readonly builtFor: number;
  readonly rate: number;
  readonly batch: number;
  readonly postBytes: number;
  readonly outageHours: number;
  readonly components: readonly Row[];
  readonly first: First | null;
}

function rowsOf(scene: Scene): Row[] {
  return COMPONENTS.map((component): Row => {
    const { load, limit, share } = used(component, scene);
    return {
      ...{ component: component.name, unit: component.unit, effect: component.effect },
      load: Number.isNaN(load) ? null : load,
      limit: limit?.value ?? null,
      source: limit ? sourceText(limit) : null,
      share: share ?? null,
      bindsAt: bindsAt(component, scene) ?? null,
      change: share !== undefined && share > 1 ? adviceFor(component, scene) : null,
    };
  });
}

function firstOf(scene: Scene): First | null {
  const first = firstToBind(scene);
  if (!first) return null;
  const { component, rate } = first;
  const twice = { ...scene, rate: 2 * rate };
  const change = smallestChange(component, twice);
  return { component: component.name, rate, change: change ? changeText(change) : component.otherwise };
}

/** @param rate posts a second @default - the rate that the stage is built for */
export function capacityReport(config: PipelineConfig, rate?: number, batch?: number): Report {
  const scene = sceneOf(config, rate, batch);
  const { stage, postsPerSecond, postBytes, outageHours } = config;
  return {
    ...{ stage, builtFor: postsPerSecond, rate: scene.rate, batch: scene.batch, postBytes, outageHours },
    components: rowsOf(scene),
    first: firstOf(scene),
  };
}

export const HEAD = ['component', 'load', 'limit', 'unit', 'share', 'full at posts/s', 'limit from', 'change'];

const orUnknown = (value: number | null): string => (value === null ? 'unknown' : numberText(value));
const percent = (share: number | null): string => (share === null ? 'unknown' : `${numberText(share * 100)} %`);

export const cellsOf = (row: Row): string[] => [
  ...[row.component, orUnknown(row.load), orUnknown(row.limit), row.unit, percent(row.share)],
  ...[row.bindsAt === null ? '' : numberText(row.bindsAt), row.source ?? '', row.change ?? ''],
];

/** The component that binds first and what to change, in one sentence. */
export const firstText = ({ first }: Pick<Report, 'first'>): string =>
  first === null
    ? 'nothing binds'
    : `first to bind: ${first.component}, at ${numberText(first.rate)} posts a second; for twice as many: ${first.change}`;

/** Components of which no limit is known. */
export const unknown = ({ components }: Pick<Report, 'components'>): readonly string[] =>
  components.filter(({ share }) => share === null).map(({ component }) => component);

export function asText(report: Report): string {
  const { stage, rate, batch, builtFor, postBytes, outageHours, components } = report;
  const align = ['left', 'right', 'right', 'left', 'right', 'right', 'left', 'left'] as const;
  const over = components.filter(({ change }) => change !== null);
  return [
    `Stage ${stage}, built for ${numberText(builtFor)} posts a second, at ${numberText(rate)} posts a second of ${postBytes} bytes, ` +
      `${batch} a request; an outage of ${outageHours} hours.`,
    textTable(components.map(cellsOf), { head: HEAD, align: [...align] }),
    `Over the limit: ${over.length === 0 ? 'nothing' : ''}`,
    ...over.map(({ component, effect, change }) => `  ${component} (${EFFECTS[effect]}): ${change}`),
    `In short, ${firstText(report)}`,
    `Unknown: ${unknown(report).join('; ')}`,
    '',
  ].join('\n');
}

const EFFECTS: Readonly<Record<Effect, string>> = {
  stop: 'synth rejects a stage built for this rate',
  quota: 'a quota that AWS raises on request',
  less: 'works, with less than configured',
};

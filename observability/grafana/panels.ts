/** The panels of all boards. Only this file defines the meaning of colours and thresholds. */
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
  GraphThresholdsStyleConfigBuilder,
  VisibilityMode,
} from '@grafana/grafana-foundation-sdk/common';
import { type Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as SeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { type Query, type Unit, UNITS } from './queries';
import { articleAt, type Runbook } from './runbook';
import { sourceOf } from './sources';

/** Fixed colours of series for record results and percentiles, the same on every board. */
const COLOURS: Readonly<Record<string, string>> = {
  received: 'blue',
  written: 'green',
  repeated: 'text',
  controlRecords: 'super-light-blue',
  rejected: 'yellow',
  quarantined: 'orange',
  failed: 'red',
  dropped: 'dark-red',
  p50: 'light-green',
  p95: 'yellow',
  p99: 'orange',
};

const GOOD = 'green';
const WARNING = 'orange';
const CRITICAL = 'red';

/** From which value on a panel is orange, and from which red; downwards where less is worse. */
export interface Limits {
  readonly warning?: number;
  readonly critical?: number;
  /** @default 'up' */
  readonly worse?: 'up' | 'down';
}

interface PanelText {
  readonly title: string;
  /** What the panel shows and how to interpret it: one or two sentences. */
  readonly description: string;
}

export interface PanelOptions {
  /** @default - the unit of the first query */
  readonly unit?: Unit;
  /** @default - always green */
  readonly limits?: Limits;
  /** The alarm whose runbook article describes what to do. @default - none */
  readonly alarm?: string;
  /** Width in columns, of 24. @default - 4 for one number, 12 for a graph or a table */
  readonly width?: number;
}

/** A panel without a position on a board. */
export interface Draft {
  readonly width: number;
  readonly height: number;
  readonly queries: readonly Query[];
  readonly build: (runbook: Runbook) => Builder<Panel> & Placeable;
}

interface Placeable {
  id(id: number): unknown;
  gridPos(position: { x: number; y: number; w: number; h: number }): unknown;
}

function thresholds({ warning, critical, worse = 'up' }: Limits = {}): ThresholdsConfigBuilder {
  // The first step has no lower bound.
  const step = (value: number | undefined, color: string) => (value === undefined ? [] : [{ value, color }]);
  const steps =
    worse === 'up'
      ? [{ value: null, color: GOOD }, ...step(warning, WARNING), ...step(critical, CRITICAL)]
      : [
          { value: null, color: critical === undefined ? WARNING : CRITICAL },
          ...step(critical, WARNING),
          ...step(warning, GOOD),
        ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps as Threshold[]);
}

/** The types of all panels. */
type Common = StatPanel | SeriesPanel | TablePanel;

function common<P extends Common>(
  panel: P,
  options: PanelText & PanelOptions,
  queries: readonly Query[],
  runbook: Runbook,
): P {
  const { title, unit = queries[0].unit, limits, alarm } = options;
  const article = alarm === undefined ? undefined : articleAt(runbook, alarm);
  panel
    .title(title)
    .description(article === undefined ? options.description : `${options.description} What to do: ${article.text}.`)
    .datasource(sourceOf(queries[0].source))
    .unit(UNITS[unit])
    .thresholds(thresholds(limits));
  queries.forEach((query, index) => panel.withTarget(query.build(String.fromCharCode('A'.charCodeAt(0) + index))));
  if (article?.url !== undefined) {
    panel.links([
      new DashboardLinkBuilder(`Runbook: ${article.title}`)
        .type(DashboardLinkType.Link)
        .url(article.url)
        .targetBlank(true),
    ]);
  }
  return panel;
}

export interface NumberOptions extends PanelOptions {
  /** How to reduce the range to one number. @default - the sum of counts that add up, otherwise the last value */
  readonly of?: 'sum' | 'last' | 'max';
}

/** One or more queries: the arguments of all panels. */
type Queries = Query | readonly Query[];
const listOf = (queries: Queries): readonly Query[] => ('build' in queries ? [queries] : queries);

const CALCULATIONS = { sum: 'sum', last: 'lastNotNull', max: 'max' } as const;

/** One number over the range, coloured by its limits. */
export function number(title: string, description: string, asked: Queries, options: NumberOptions = {}): Draft {
  const queries = listOf(asked);
  const of = options.of ?? (queries[0].adds ? 'sum' : 'last');
  return {
    width: options.width ?? 4,
    height: 4,
    queries,
    build: (runbook) =>
      common(new StatPanel(), { title, description, ...options }, queries, runbook)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs([CALCULATIONS[of]]))
        .colorMode(BigValueColorMode.Background)
        .graphMode(BigValueGraphMode.Area)
        .noValue('no data'),
  };
}

/** A count over the range that must be 0. */
export function zero(
  title: string,
  description: string,
  queries: Queries,
  options: Omit<PanelOptions, 'unit' | 'limits'>,
): Draft {
  return number(title, description, queries, { ...options, of: 'sum', limits: { critical: 1 } });
}

export interface GraphOptions extends PanelOptions {
  /** Whether to stack the series, as parts of a whole. @default false */
  readonly stacked?: boolean;
}

/** Series over time, with limits as lines. */
export function graph(title: string, description: string, asked: Queries, options: GraphOptions = {}): Draft {
  const queries = listOf(asked);
  return {
    width: options.width ?? 12,
    height: 8,
    queries,
    build: (runbook) => {
      const panel = common(new SeriesPanel(), { title, description, ...options }, queries, runbook)
        .min(0)
        .lineWidth(1)
        .fillOpacity(options.stacked ? 60 : 10)
        .showPoints(VisibilityMode.Auto)
        // A step that runs once per interval has minutes without a point in between.
        .spanNulls(3_600_000)
        .legend(
          new VizLegendOptionsBuilder()
            .displayMode(LegendDisplayMode.List)
            .placement(LegendPlacement.Bottom)
            .showLegend(true),
        )
        .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
        .thresholdsStyle(
          new GraphThresholdsStyleConfigBuilder().mode(
            options.limits === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed,
          ),
        )
        .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
      if (options.stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal));
      for (const { label } of queries.filter((query) => query.label in COLOURS)) {
        panel.overrideByName(label, [{ id: 'color', value: { mode: 'fixed', fixedColor: COLOURS[label] } }]);
      }
      return panel;
    },
  };
}

/** The rows of a query result, unchanged. */
export function table(title: string, description: string, query: Query, options: PanelOptions = {}): Draft {
  return {
    width: options.width ?? 12,
    height: 8,
    queries: [query],
    build: (runbook) => common(new TablePanel(), { title, description, ...options }, [query], runbook),
  };
}

import { METRIC_LIST, type MetricName, type ViewMetric } from '../../lambda/runtime/metrics';
import { type Board, type Section } from './board';
import { graph } from './panels';
import { metric, metricByView } from './queries';

const UNITS = { Count: 'count', Bytes: 'bytes', Milliseconds: 'milliseconds' } as const;

/** A graph for each metric that no board shows: a new metric is on a board before somebody finds the right place for it. */
export function otherMetrics(boards: readonly Board[]): Section[] {
  const queries = boards.flatMap(({ sections }) =>
    sections.flatMap(({ panels }) => panels.flatMap((each) => each.queries)),
  );
  const shown = new Set(queries.map(({ reported }) => reported));
  const panels = METRIC_LIST.filter(({ name }) => !shown.has(name)).map(
    ({ name, description, unit, steps, perView, alarm }) =>
      graph(
        name,
        `${description}.`,
        { unit: UNITS[unit], alarm: alarm?.id },
        ...steps.map((step) =>
          perView
            ? metricByView(step, name as ViewMetric)
            : metric(step, name as Exclude<MetricName, ViewMetric>, step),
        ),
      ),
  );
  return panels.length > 0 ? [{ title: 'Other metrics', panels }] : [];
}

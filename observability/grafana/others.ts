import { METRIC_LIST, type MetricName, type ViewMetric } from '../../lambda/runtime/metrics';
import { type Board, type Sections } from './board';
import { graph } from './panels';
import { metric, metricByView } from './queries';

/** A graph for each metric that no board shows: a new metric is on a board before somebody finds the right place for it. */
export function otherMetrics(boards: readonly Board[]): Sections {
  const queries = boards.flatMap(({ sections }) =>
    Object.values(sections).flatMap((panels) => panels.flatMap((each) => each.queries)),
  );
  const shown = new Set(queries.map(({ reported }) => reported));
  const panels = METRIC_LIST.filter(({ name }) => !shown.has(name)).map(
    ({ name, description, steps, perView, alarm }) =>
      graph(
        name,
        `${description}.`,
        steps.map((step) =>
          perView
            ? metricByView(step, name as ViewMetric)
            : metric(step, name as Exclude<MetricName, ViewMetric>, step),
        ),
        { alarm: alarm?.id },
      ),
  );
  return panels.length > 0 ? { 'Other metrics': panels } : {};
}

import { METRIC_LIST } from '../../../../lambda/runtime/metrics';
import { BOARDS } from '../../../../observability/grafana';
import { buildBoard } from '../../../../observability/grafana/board';
import { otherMetrics } from '../../../../observability/grafana/others';

test('metrics that a board shows are not among the others', () => {
  expect(otherMetrics(BOARDS)).toEqual({});
});

test('a metric that no board shows has a graph of every step that reports it, with the article of its alarm', () => {
  const board = { name: 'others', title: 'Others', description: 'Others.', sections: otherMetrics([]) };
  const panels = (buildBoard(board, {}).panels ?? []) as {
    title?: string;
    type?: string;
    description?: string;
    targets?: unknown[];
  }[];
  const graphs = panels.filter(({ type }) => type === 'timeseries');
  expect(graphs.map(({ title, targets }) => [title, targets?.length])).toEqual(
    METRIC_LIST.map(({ name, steps }) => [name, steps.length]),
  );
  expect(graphs.find(({ title }) => title === 'totalDrift')?.description).toContain('What to do:');
});

import { type Board } from '../board';
import { graph, number, table } from '../panels';
import { athena, byStep, metric, metricByView } from '../queries';
import { COMPLETENESS, NULL_SHARES, POSTS_PER_INTERVAL } from '../sql';

/** Are the data what they should be: at the gate, between the layers, in the lake. */
export const QUALITY: Board = {
  name: 'quality',
  title: 'Pipeline: data quality',
  description: 'Are the data what they should be: at the gate, between the two layers, and in the lake itself.',
  from: 'now-24h',
  sections: [
    {
      title: 'At the gate',
      panels: [
        graph(
          'Refused and quarantined',
          'Refused: no post by its structure, the client was told. Quarantined: a post that the cleaning can not interpret.',
          { alarm: 'quarantine-burst', unit: 'count' },
          metric('ingest', 'rejected', 'rejected'),
          metric('archive', 'quarantined', 'quarantined'),
        ),
        graph(
          'Repeated',
          'Records seen before, or without a new section. The layers differ where one is older than the recent set.',
          { unit: 'count' },
          metric('aggregate', 'repeated', 'speed layer'),
          metric('compact', 'repeated', 'batch layer'),
        ),
      ],
    },
    {
      title: 'Between the layers',
      panels: [
        graph(
          'Drift, by view',
          'Sum of the differences between speed and batch rows of the same interval. 0 is expected.',
          { alarm: 'drift', unit: 'count', limits: { critical: 1 } },
          metricByView('reconcile', 'drift'),
        ),
        number(
          'Dropped, all steps',
          'Records unaccounted for. 0 by contract.',
          { alarm: 'dropped', unit: 'count', of: 'sum', limits: { critical: 1 }, width: 6 },
          ...byStep(['archive', 'aggregate', 'compact'], 'dropped'),
        ),
        number(
          'Failed checks of the canary',
          'Checks that found a synthetic post missing or late.',
          { alarm: 'canary-batch', unit: 'count', of: 'sum', limits: { warning: 1 }, width: 6 },
          metric('canary', 'failed', 'failed'),
        ),
      ],
    },
    {
      title: 'In the lake, the last day',
      panels: [
        table(
          'Posts per interval',
          'Rows of the newest intervals, and the keys in them. Rows that exceed keys would be posts counted twice.',
          { unit: 'none' },
          athena(POSTS_PER_INTERVAL, 'posts'),
        ),
        table(
          'Sections known',
          'Posts by the sections that had arrived by the end of their newest interval.',
          { unit: 'none' },
          athena(COMPLETENESS, 'sections'),
        ),
        table(
          'Empty columns',
          'Share of rows without a value, where a view leaves such rows out.',
          { unit: 'share', width: 24 },
          athena(NULL_SHARES, 'empty'),
        ),
      ],
    },
  ],
};

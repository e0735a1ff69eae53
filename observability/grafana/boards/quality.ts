import { type Board } from '../board';
import { graph, number, table } from '../panels';
import { athena, byStep, metric, metricByView } from '../queries';
import { COMPLETENESS, NULL_SHARES, POSTS_PER_INTERVAL } from '../sql';

/** Data quality: at ingest and archive, between the layers, in the lake. */
export const QUALITY: Board = {
  name: 'quality',
  title: 'Pipeline: data quality',
  description: 'Data quality at ingest and archive, between the two layers, and in the lake.',
  from: 'now-24h',
  sections: [
    {
      title: 'Ingest and archive',
      panels: [
        graph(
          'Rejected and quarantined',
          'Rejected: the structure is not that of a post, as the response states. Quarantined: the cleaning cannot interpret it.',
          { alarm: 'quarantine-burst', unit: 'count' },
          metric('ingest', 'rejected', 'rejected'),
          metric('archive', 'quarantined', 'quarantined'),
        ),
        graph(
          'Repeated',
          'Records that arrived before or have no new section. The layers differ for those older than the recent posts.',
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
          'Records unaccounted for. Must be 0.',
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
      title: 'Lake, last day',
      panels: [
        table(
          'Posts per interval',
          'Rows of the newest intervals, and the keys in them. More rows than keys means posts counted twice.',
          { unit: 'none' },
          athena(POSTS_PER_INTERVAL, 'posts'),
        ),
        table(
          'Sections',
          'Posts by the sections that had arrived by the end of their newest interval.',
          { unit: 'none' },
          athena(COMPLETENESS, 'sections'),
        ),
        table(
          'Empty columns',
          'Share of rows without a value, in columns for which a view omits such rows.',
          { unit: 'share', width: 24 },
          athena(NULL_SHARES, 'empty'),
        ),
      ],
    },
  ],
};

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
  sections: {
    'Ingest and archive': [
      graph(
        'Rejected and quarantined',
        'Rejected: the structure is not that of a post, as the response states. Quarantined: the cleaning cannot interpret it.',
        [metric('ingest', 'rejected'), metric('archive', 'quarantined')],
        { alarm: 'quarantine-burst' },
      ),
      graph(
        'Repeated',
        'Records that arrived before or have no new section. The layers differ for those older than the recent posts.',
        [metric('aggregate', 'repeated', 'speed layer'), metric('compact', 'repeated', 'batch layer')],
      ),
    ],
    'Between the layers': [
      graph(
        'Drift, by view',
        'Sum of the differences between speed and batch rows of the same interval. 0 is expected.',
        metricByView('reconcile', 'drift'),
        { alarm: 'drift', limits: { critical: 1 } },
      ),
      number(
        'Dropped, all steps',
        'Records unaccounted for. Must be 0.',
        byStep(['archive', 'aggregate', 'compact'], 'dropped'),
        { alarm: 'dropped', limits: { critical: 1 }, width: 6 },
      ),
      number(
        'Failed checks of the canary',
        'Checks that found a synthetic post missing or late.',
        metric('canary', 'failed'),
        { alarm: 'canary-batch', limits: { warning: 1 }, width: 6 },
      ),
    ],
    'Lake, last day': [
      table(
        'Posts per interval',
        'Rows of the newest intervals, and the keys in them. More rows than keys means posts counted twice.',
        athena(POSTS_PER_INTERVAL, 'posts'),
      ),
      table(
        'Sections',
        'Posts by the sections that had arrived by the end of their newest interval.',
        athena(COMPLETENESS, 'sections'),
      ),
      table(
        'Empty columns',
        'Share of rows without a value, in columns for which a view omits such rows.',
        athena(NULL_SHARES, 'empty'),
        { unit: 'share', width: 24 },
      ),
    ],
  },
};

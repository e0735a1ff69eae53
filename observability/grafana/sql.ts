/** SQL on the table `posts` of the lake. Each query filters by interval, because Athena bills the bytes read. */
import { VIEWS } from '../../lambda/domain/views';

/** Intervals of the last day, by name. Athena projects partitions from these names. */
const LAST_DAY =
  "interval_start >= date_format(current_timestamp AT TIME ZONE 'UTC' - interval '1' day, '%Y-%m-%dT%H-%i')";

export const POSTS_PER_INTERVAL = [
  'SELECT interval_start, count(*) AS "rows", count(DISTINCT post_key) AS posts',
  'FROM posts',
  `WHERE ${LAST_DAY}`,
  'GROUP BY interval_start ORDER BY interval_start DESC',
].join('\n');

export const COMPLETENESS = [
  "SELECT array_join(sections, ' + ') AS sections, count(*) AS posts",
  'FROM (',
  '  SELECT post_key, max_by(sections, interval_start) AS sections',
  '  FROM posts',
  `  WHERE ${LAST_DAY}`,
  '  GROUP BY post_key',
  ')',
  'GROUP BY 1 ORDER BY posts DESC',
].join('\n');

/** Columns that are a dimension of some view. A view omits posts without a value in its dimensions. */
export const DIMENSIONS: readonly string[] = [...new Set(VIEWS.flatMap(({ dimensions }) => dimensions))].sort();

export const NULL_SHARES = [
  'SELECT',
  DIMENSIONS.map((name) => `  count_if(${name} IS NULL) / CAST(count(*) AS double) AS ${name}`).join(',\n'),
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

/** Rows beyond one per post and interval. The compaction writes none. */
export const DOUBLE_ROWS = [
  'SELECT count(*) - count(DISTINCT (post_key, interval_start)) AS "double"',
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

/** Rows without a new section. No view counts them, and the compaction writes none. */
export const IDLE_ROWS = [
  'SELECT count_if(cardinality(new_sections) = 0) AS idle',
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

/** SQL on the table `posts` of the lake. Each names the intervals it reads, as it is paid by what it reads. */
import { VIEWS } from '../../lambda/domain/views';

/** Intervals of the last day, by their names, of which the partitions are projected. */
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

/** Columns that some view has as a dimension: a post without a value is not in that view. */
export const DIMENSIONS: readonly string[] = [...new Set(VIEWS.flatMap(({ dimensions }) => dimensions))].sort();

export const NULL_SHARES = [
  'SELECT',
  DIMENSIONS.map((name) => `  count_if(${name} IS NULL) / CAST(count(*) AS double) AS ${name}`).join(',\n'),
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

/** Rows beyond one a post and interval: the compaction writes none. */
export const DOUBLE_ROWS = [
  'SELECT count(*) - count(DISTINCT (post_key, interval_start)) AS "double"',
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

/** Rows in which no section is new: no view would count them, and the compaction writes none. */
export const IDLE_ROWS = [
  'SELECT count_if(cardinality(new_sections) = 0) AS idle',
  'FROM posts',
  `WHERE ${LAST_DAY}`,
].join('\n');

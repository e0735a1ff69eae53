/** What `erase` prints. No line names a person. */
import { type RunConf } from './recompute';
import { countOf, type Found } from './search';

export function foundText(found: Found): string {
  return [
    `posts: ${found.posts.size}, including those erased earlier`,
    `raw: ${found.records} records in ${found.raw.length} objects`,
    `quarantine: ${found.quarantine.length} objects`,
    `posts and incomplete posts: ${found.parquet.length} files`,
    ...found.parquet.map((key) => `  ${key}`),
    `posts that differ from their manifest: ${found.uncommitted.length} files`,
    ...found.uncommitted.map((key) => `  ${key}`),
  ].join('\n');
}

export const leftText = (found: Found) => `${countOf(found)} left`;

/** As the runbook's shell function `dag` sends it. */
export function viewsText(views: readonly RunConf[]): string[] {
  if (views.length === 0) return [];
  const runs = views.map((conf) => `  dag dagRuns POST '${JSON.stringify({ logical_date: null, conf })}'`);
  return ['views to be computed again after that, with the shell functions of docs/runbook.md:', ...runs];
}

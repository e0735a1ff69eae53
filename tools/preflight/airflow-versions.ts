/** Of the guide's sections only this one lists what a new environment may have; a later one lists deprecated versions. */
const SECTION = /<a name="airflow-versions-official"><\/a>([^]*?)(?:\n## |$)/;

/** First cell of a row of the table: `| v3.2.1 |`, with or without markup. */
const ROW = /^\s*\|[^|]*?v?(\d+\.\d+\.\d+)[^|]*\|/gm;

/**
 * The versions of Airflow that MWAA offers, from the text of its user guide.
 * @throws Error if the text has no such list: the page has another form, which says nothing about a version
 */
export function airflowVersionsIn(page: string): readonly string[] {
  const versions = [...(SECTION.exec(page)?.[1] ?? '').matchAll(ROW)].map(([, version]) => version);
  if (versions.length === 0) throw new Error('the page has no table of versions');
  return versions;
}

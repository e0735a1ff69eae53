/** Which Parquet files have rows of some posts or of a person, and a post's rows, by DuckDB. */
import { DuckDBInstance } from '@duckdb/node-api';
import { type Person } from './core';

/** A row as DuckDB writes it in JSON. */
export type ParquetRow = Readonly<Record<string, unknown>>;

export interface ParquetSearch {
  /** Rows of a post in a local file. */
  rowsOf(file: string, post: number): Promise<readonly ParquetRow[]>;
  /** The local files that have such a row. */
  holding(files: readonly string[], posts: readonly number[], person: Person | undefined): Promise<ReadonlySet<string>>;
  close(): void;
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

function conditionOf(posts: readonly number[], person: Person | undefined): string {
  const conditions = posts.length > 0 ? [`post_key IN (${posts.join(', ')})`] : [];
  if (person) {
    const { first_name, last_name, age, date_joined } = person;
    conditions.push(
      // Files of before the cleaning composed texts have other Unicode forms.
      `(nfc_normalize(first_name) = ${text(first_name)} AND nfc_normalize(last_name) = ${text(last_name)} AND age = ${age}
        AND epoch_ms(date_joined) = ${Date.parse(date_joined)})`,
    );
  }
  return conditions.join(' OR ');
}

/** Files of `posts/` and `incomplete-posts/`: both have all columns that are read. */
export async function openParquetSearch(): Promise<ParquetSearch> {
  const instance = await DuckDBInstance.create(':memory:', {
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  return {
    async holding(files, posts, person) {
      const condition = conditionOf(posts, person);
      if (files.length === 0 || condition === '') return new Set();
      const rows = await connection.runAndReadAll(
        `SELECT DISTINCT filename FROM read_parquet([${files.map(text).join(', ')}], filename = true, union_by_name = true)
         WHERE ${condition}`,
      );
      return new Set(rows.getRowObjectsJS().map(({ filename }) => String(filename)));
    },
    async rowsOf(file, post) {
      const rows = await connection.runAndReadAll(`FROM read_parquet(${text(file)}) WHERE post_key = ${post}`);
      return rows.getRowObjectsJson();
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

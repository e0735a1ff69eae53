/**
 * The sent log: what was acknowledged to the clients of this and earlier runs, stored beside the data. A later run on the same
 * data thus knows how many posts the views must contain, and a restart between two runs cannot hide a loss.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { bySection, type Section } from '../../../lambda/domain/columns';
import { type Tally } from '../../loadgen/send';

/** One acknowledged record: the post's key and the sections in it. */
export interface Acknowledged {
  readonly key: string;
  readonly sections: readonly Section[];
}

/** What a load generator's tally says was acknowledged. */
export const acknowledgedIn = ({ acknowledged }: Pick<Tally, 'acknowledged'>): Acknowledged[] =>
  [...acknowledged].map(([key, sections]) => ({ key, sections: [...sections] }));

/** The number of distinct posts with each section. */
export type Expected = Readonly<Record<Section, number>>;

export function readSentLog(file: string): Acknowledged[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [key, ...sections] = JSON.parse(line) as [string, ...Section[]];
      return { key, sections };
    });
}

export function appendToSentLog(file: string, acknowledged: readonly Acknowledged[]): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, acknowledged.map(({ key, sections }) => `${JSON.stringify([key, ...sections])}\n`).join(''));
}

export function expectedPosts(acknowledged: Iterable<Acknowledged>): Expected {
  const keys = bySection(() => new Set<string>());
  for (const { key, sections } of acknowledged) {
    for (const section of sections) keys[section].add(key);
  }
  return bySection((section) => keys[section].size);
}

/** What the samples are made of. It never changes: the samples are made once. */
import { findView, type View } from '../../lambda/domain/views';
import { type KafkaRecord } from '../../lambda/domain/decode';
import { toRecord, type RecordSpec } from '../support/posts-log';

export const TOPIC = 'posts';
export const INTERVAL_MINUTES = 60;
export const HOUR = 3_600_000;
export const START = Date.parse('2026-11-22T21:00:00Z');

/** One for each kind of dimension and merge. */
export const VIEWS: readonly View[] = [
  findView('posts_by_minute')!,
  findView('category_by_country')!,
  findView('top_poster_by_country')!,
];

const post = (minute: number, index: number, sections: Partial<RecordSpec>, variant = 0): RecordSpec => ({
  kind: 'post',
  timestamp: START + minute * 60_000,
  index,
  variant,
  ...sections,
});
const WHOLE = { pin: true, geo: true, user: true };

/** Two intervals with repeats, sections apart and a bad record, and a heartbeat record after them. */
export const LOG: readonly KafkaRecord[] = [
  post(1, 1, WHOLE),
  post(2, 2, { pin: true }),
  { ...post(3, 3, {}), kind: 'bad' as const },
  post(4, 4, { pin: true, geo: true }, 1),
  post(61, 2, { geo: true }),
  post(62, 5, WHOLE, 2),
  post(63, 1, WHOLE),
  { ...post(120, 0, {}), kind: 'heartbeat' as const },
].map((spec, offset) => toRecord(spec, 0, offset));

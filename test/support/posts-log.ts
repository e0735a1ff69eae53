/** Logs of posts as Kafka holds them, for tests of what consumes them. */
import fc from 'fast-check';
import { HEARTBEAT_HEADER, type KafkaRecord } from '../../lambda/domain/decode';
import { type LambdaKafkaEvent } from '../../lambda/runtime/kafka-event';
import { lambdaRecord } from '../../tools/simulate/models/event-source';

export interface RecordSpec {
  /** ms */
  readonly timestamp: number;
  readonly kind: 'post' | 'heartbeat' | 'bad';
  readonly index: number;
  readonly pin?: boolean;
  readonly geo?: boolean;
  readonly user?: boolean;
  /** Makes values differ, so that it shows which of two equal sections was counted. */
  readonly variant: number;
}

const COUNTRIES = ['Fiji', 'Åland Islands', 'Korea, Republic of'];
const CATEGORIES = ['art', 'travel'];

export function sectionsJson(spec: RecordSpec): Record<string, unknown> {
  const { index, variant } = spec;
  return {
    ...(spec.pin && {
      pin: {
        index,
        category: CATEGORIES[variant % 2],
        follower_count: `${(variant % 5) + 1}k`,
        poster_name: `poster ${variant % 4}`,
        is_image_or_video: 'image',
      },
    }),
    ...(spec.geo && {
      geo: { ind: index, timestamp: `${2018 + (variant % 3)}-03-04 05:06:07`, country: COUNTRIES[variant % 3] },
    }),
    ...(spec.user && {
      user: {
        ind: index,
        first_name: `N${variant}`,
        last_name: 'X',
        age: 20 + variant * 5,
        date_joined: `${2015 + (variant % 3)}-01-02 03:04:05`,
      },
    }),
  };
}

export function toRecord(spec: RecordSpec, partition: number, offset: number): KafkaRecord {
  const base = { partition, offset, timestamp: spec.timestamp };
  if (spec.kind === 'heartbeat') return { ...base, key: null, value: null, headers: { [HEARTBEAT_HEADER]: '1' } };
  const key = Buffer.from(String(spec.index));
  if (spec.kind === 'bad') return { ...base, key, value: Buffer.from('{"pin":'), headers: {} };
  const sections = sectionsJson(spec);
  const names = Object.keys(sections);
  // A lone section goes flat, as the older clients send it.
  const flat = names.length === 1;
  return {
    ...base,
    key,
    value: Buffer.from(JSON.stringify(flat ? sections[names[0]] : sections)),
    headers: flat ? { section: names[0] } : {},
  };
}

/** @param start timestamps are around this instant and up to `span` later, mostly but not always ascending */
export function logArbitrary(start: number, span: number, maxLength: number): fc.Arbitrary<RecordSpec[]> {
  const record = fc
    .record({
      timestamp: fc.integer({ min: 0, max: span }),
      kind: fc.constantFrom('post', 'post', 'post', 'post', 'post', 'post', 'heartbeat', 'bad') as fc.Arbitrary<'post'>,
      index: fc.integer({ min: 0, max: 6 }),
      pin: fc.boolean(),
      geo: fc.boolean(),
      user: fc.boolean(),
      variant: fc.integer({ min: 0, max: 9 }),
    })
    .map((spec) => (spec.pin || spec.geo || spec.user ? spec : { ...spec, pin: true }));
  return fc.array(record, { minLength: 1, maxLength }).map((specs) =>
    specs.map((spec, i) => ({
      ...spec,
      timestamp: start + Math.floor((i / specs.length) * span + (spec.timestamp - span / 2) / 8),
    })),
  );
}

export function lambdaEvent(topic: string, records: readonly KafkaRecord[]): LambdaKafkaEvent {
  const grouped: Record<string, LambdaKafkaEvent['records'][string][number][]> = {};
  for (const record of records) {
    (grouped[`${topic}-${record.partition}`] ??= []).push(lambdaRecord(topic, record));
  }
  return { eventSource: 'aws:kafka', records: grouped };
}

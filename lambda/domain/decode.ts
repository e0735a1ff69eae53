/**
 * From a Kafka record to a post, a tick, or the reason why it is neither. Never throws, whatever the bytes: a record that
 * stops its consumer would stop its partition. The archive and the speed layer both read the topic through this function.
 */
import { isUtf8 } from 'node:buffer';
import { checkEnvelope, checkSection, isRefusal, type RawSection } from './check';
import { cleanSection, isRefused } from './clean';
import { SECTIONS, type Section, type SectionColumns, type Sections } from './columns';
import { KEY_FIELD, keyOf, toIndex } from './post';
import { refuse, sentence, short, type Refusal } from './validation-error';

/** One record of the topic, as every consumer here sees it. */
export interface KafkaRecord {
  readonly partition: number;
  readonly offset: number;
  /** Log append time, ms since the epoch. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** `pin`, `geo` or `user`, if the value is one flat section; absent if it is an envelope of sections. */
export const SECTION_HEADER = 'section';
/** `1` on a tick: a control record that witnesses the end of a bucket. */
export const TICK_HEADER = 'tick';
/** On a canary, a control record that tells whether both layers work: when it was sent, ms since the epoch. */
export const CANARY_HEADER = 'canary';

export type Decoded =
  | { readonly kind: 'post'; readonly key: string; readonly index: number; readonly sections: Sections }
  | { readonly kind: 'tick' }
  | { readonly kind: 'canary'; readonly sent: number }
  | ({ readonly kind: 'bad'; readonly reason: string } & Partial<Refusal>);

const TICK: Decoded = { kind: 'tick' };

function bad(refusal: Refusal): Decoded {
  return { kind: 'bad', ...refusal, reason: sentence(refusal) };
}

export function decodeRecord(record: KafkaRecord): Decoded {
  if (record.headers[TICK_HEADER] === '1') return TICK;
  if (Object.hasOwn(record.headers, CANARY_HEADER)) return decodeCanary(record.headers[CANARY_HEADER]);
  const { value } = record;
  if (value === null || value.length === 0) return { kind: 'bad', reason: 'value must be a JSON object, got nothing' };
  const text = value.toString('utf8');
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    // Bytes that are no UTF-8 mostly fail here already; which of the two it was is worth telling.
    return { kind: 'bad', reason: isUtf8(value) ? 'value must be JSON' : 'value must be UTF-8' };
  }
  if (text.includes('\ufffd') && !isUtf8(value)) return { kind: 'bad', reason: 'value must be UTF-8' };
  return decodeValue(record, raw);
}

function decodeCanary(sent: string): Decoded {
  if (!/^[1-9]\d{0,14}$/.test(sent)) return bad(refuse('header canary', sent, 'milliseconds since the epoch'));
  return { kind: 'canary', sent: Number(sent) };
}

function decodeValue(record: KafkaRecord, raw: unknown): Decoded {
  const named = Object.hasOwn(record.headers, SECTION_HEADER) ? record.headers[SECTION_HEADER] : undefined;
  let index: number;
  let sections: Readonly<Partial<Record<Section, RawSection>>>;
  if (named === undefined) {
    if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
      return { kind: 'bad', reason: `value must be a JSON object, got ${short(raw)}` };
    }
    const checked = checkEnvelope(raw as RawSection);
    if (isRefusal(checked)) return bad(checked);
    index = checked.index;
    sections = checked.sections;
  } else {
    const section = SECTIONS.find((each) => each === named);
    if (!section) return bad(refuse('header section', named, `one of ${SECTIONS.join(', ')}`));
    const refusal = checkSection(section, raw);
    if (refusal) return bad(refusal);
    index = toIndex((raw as RawSection)[KEY_FIELD[section]])!;
    sections = { [section]: raw as RawSection };
  }
  // Were the key another, two sections of one post could lie in two partitions and never meet.
  const key = keyOf(index);
  const recordKey = record.key === null ? undefined : record.key.toString('latin1');
  if (recordKey !== key) return bad(refuse('key', recordKey, `${key}, the post's index`));
  return cleanAll(key, index, sections, record.timestamp);
}

function cleanAll(
  key: string,
  index: number,
  raw: Readonly<Partial<Record<Section, RawSection>>>,
  timestamp: number,
): Decoded {
  const sections: Partial<Record<Section, SectionColumns>> = {};
  for (const section of SECTIONS) {
    const from = raw[section];
    if (from === undefined) continue;
    const cleaned = cleanSection(section, from, timestamp);
    if (isRefused(cleaned)) return bad(cleaned);
    sections[section] = cleaned;
  }
  return { kind: 'post', key, index, sections };
}

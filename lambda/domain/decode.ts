/**
 * From a Kafka record to a post, a heartbeat record, or the reason why it is neither. Never throws, whatever the bytes: a record that
 * stops its consumer would stop its partition. The archive and the speed layer both read the topic through this function.
 */
import { isUtf8 } from 'node:buffer';
import { checkEnvelope, checkSection } from './check';
import { cleanSection } from './clean';
import { SECTIONS, type Section, type SectionColumns, type Sections } from './columns';
import { isKeyOf, keyIn, keyOf } from './post';
import { toIndex } from './sections/fields';
import { type RawSection } from './sections/section';
import { invalid, isValidationError, sentence, short, type ValidationError } from './validation-error';

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

/** Name of the section, if the value is one flat section; absent if it is an envelope of sections. */
export const SECTION_HEADER = 'section';
/** `1` on a heartbeat record: a control record that moves time past the end of an interval. */
export const HEARTBEAT_HEADER = 'heartbeat';
/** On a canary, a control record that tells whether both layers work: when it was sent, ms since the epoch. */
export const CANARY_HEADER = 'canary';

export type Decoded =
  | { readonly kind: 'post'; readonly index: number; readonly sections: Sections }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'canary'; readonly sent: number }
  | ({ readonly kind: 'bad'; readonly reason: string } & Partial<ValidationError>);

type IsRead = (column: string) => boolean;

const HEARTBEAT: Decoded = { kind: 'heartbeat' };

function bad(validationError: ValidationError): Decoded {
  return { kind: 'bad', ...validationError, reason: sentence(validationError) };
}

/** @param isRead the columns that the caller reads. @default - all */
export function decodeRecord(record: KafkaRecord, isRead?: IsRead): Decoded {
  if (record.headers[HEARTBEAT_HEADER] === '1') return HEARTBEAT;
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
  return decodeValue(record, raw, isRead);
}

function decodeCanary(sent: string): Decoded {
  if (!/^[1-9]\d{0,14}$/.test(sent)) return bad(invalid('header canary', sent, 'milliseconds since the epoch'));
  return { kind: 'canary', sent: Number(sent) };
}

function decodeValue(record: KafkaRecord, raw: unknown, isRead: IsRead | undefined): Decoded {
  const named = Object.hasOwn(record.headers, SECTION_HEADER) ? record.headers[SECTION_HEADER] : undefined;
  let index: number;
  let sections: Readonly<Partial<Record<Section, RawSection>>>;
  if (named === undefined) {
    if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) {
      return { kind: 'bad', reason: `value must be a JSON object, got ${short(raw)}` };
    }
    const checked = checkEnvelope(raw as RawSection);
    if (isValidationError(checked)) return bad(checked);
    index = checked.index;
    sections = checked.sections;
  } else {
    const section = SECTIONS.find((each) => each === named);
    if (!section) return bad(invalid('header section', named, `one of ${SECTIONS.join(', ')}`));
    const validationError = checkSection(section, raw);
    if (validationError) return bad(validationError);
    index = toIndex(keyIn(section, raw as RawSection))!;
    sections = { [section]: raw as RawSection };
  }
  // Were the key another, two sections of one post could lie in two partitions and never meet.
  if (!isKeyOf(index, record.key)) {
    return bad(invalid('key', record.key?.toString('latin1'), `${keyOf(index)}, the post's index`));
  }
  return cleanAll(index, sections, record.timestamp, isRead);
}

function cleanAll(
  index: number,
  raw: Readonly<Partial<Record<Section, RawSection>>>,
  timestamp: number,
  isRead: IsRead | undefined,
): Decoded {
  const sections: Partial<Record<Section, SectionColumns>> = {};
  for (const section of SECTIONS) {
    const from = raw[section];
    if (from === undefined) continue;
    const cleaned = cleanSection(section, from, timestamp, isRead);
    if (isValidationError(cleaned)) return bad(cleaned);
    sections[section] = cleaned;
  }
  return { kind: 'post', index, sections };
}

/** The cleaning of texts, for all sections. */

const CONTROL = /[\u0000-\u001f]/;
const CONTROLS = /[\u0000-\u001f]/g;

/** Everything below is the same in every Unicode form. */
const COMPOSABLE = /[\u0300-\uffff]/;

/** One form (NFC) for texts that are the same to a reader: an accent may be a character of its own. */
export const composed = (text: string): string => (COMPOSABLE.test(text) ? text.normalize('NFC') : text);

const SPACE = 0x20;
const FIRST_COMPOSABLE = 0x300;
const NO_BREAK_SPACE = 0xa0;

/** Whether the cleaning leaves it as it is, as nearly every text: one look at each character. */
function isClean(text: string): boolean {
  const last = text.length - 1;
  for (let i = 0; i <= last; i++) {
    const code = text.charCodeAt(i);
    if (code < SPACE || code >= FIRST_COMPOSABLE) return false;
    if ((i === 0 || i === last) && (code === SPACE || code === NO_BREAK_SPACE)) return false;
  }
  return last >= 0;
}

/**
 * Trimmed text in NFC (Unicode spaces such as U+00A0 are trimmed too), null if nothing is left. C0 control characters become spaces,
 * because U+001F separates the dimensions of a view's key; a lone surrogate, which UTF-8 cannot carry, becomes U+FFFD.
 */
export function cleanText(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  if (isClean(value)) return value;
  const spaced = CONTROL.test(value) ? value.replace(CONTROLS, ' ') : value;
  const trimmed = spaced.trim();
  if (trimmed === '') return null;
  return composed(trimmed.isWellFormed() ? trimmed : trimmed.toWellFormed());
}

/**
 * Texts that are dimensions of views. Longer ones are not names: they would only enlarge rows, which hold 1 MB at most, and a row that
 * cannot be written stops its partition.
 */
const LONGEST_NAME = 256;
export const NAME_ALLOWED = `a text of at most ${LONGEST_NAME} characters`;
export const tooLong = (name: string | null) => name !== null && name.length > LONGEST_NAME;

/** The text, or null if it is one of the placeholders. */
export function unless(text: string | null, placeholders: readonly string[]): string | null {
  return text === null || placeholders.includes(text) ? null : text;
}

/** One word, or a part of one: quoted in double quotes, in single quotes, escaped, or plain. */
const PART = /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)|([^\s"'\\]+)/suy;
const SPACE = /\s*/suy;

/**
 * Splits a command line as a POSIX shell does, without expanding anything.
 * @throws Error if a quote is not closed
 */
export function splitArguments(line: string): string[] {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    at += SPACE.exec(line)![0].length;
    if (at === line.length) return words;
    let word = '';
    while (at < line.length && !/\s/.test(line[at])) {
      PART.lastIndex = at;
      const part = PART.exec(line);
      if (!part) throw new Error(`unclosed quote or escape in '${line}'`);
      const [whole, double, single, escaped, plain] = part;
      word += double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? escaped ?? plain;
      at += whole.length;
    }
    words.push(word);
  }
}

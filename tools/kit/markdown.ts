/** What the generated documents share. */
import { writeFileSync } from 'node:fs';

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Writes a document as prettier has it, which pads the columns of tables. */
export async function writeMarkdown(file: string, text: string): Promise<void> {
  const { format, resolveConfig } = await import('prettier');
  writeFileSync(file, await format(text, { ...(await resolveConfig(file)), parser: 'markdown' }));
}

/** What is left to compare without that padding: a unit test can't load prettier, an ES module. */
export const withoutPadding = (text: string): string => text.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

/** Posts from files: one for each section, one section a line, any file may be missing. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SECTIONS, type Section } from '../../lambda/domain/columns';
import { anyOf } from '../../lambda/domain/validation-error';
import { keyIn, keyOf } from '../../lambda/domain/post';
import { toIndex } from '../../lambda/domain/sections/fields';
import { type RawSection } from '../../lambda/domain/sections/section';
import { type GeneratedPost } from './generate';

/** The files by which a folder gives posts. */
export const INPUT_FILES = SECTIONS.map((section) => `${section}.jsonl`);
/** The same, as a shell would write it. */
export const INPUT_PATTERN = `{${SECTIONS.join()}}.jsonl`;

type Sections = Partial<Record<Section, string>>;

/** The key of a line, or undefined if it is not a JSON object with one. */
function keyOfLine(line: string, section: Section): string | undefined {
  try {
    const raw = JSON.parse(line) as RawSection | null;
    const index = raw === null ? undefined : toIndex(keyIn(section, raw));
    return index === undefined ? undefined : keyOf(index);
  } catch {
    return undefined;
  }
}

/**
 * The sections of one post joined by their key, in the order in which posts appear. A key that a file repeats makes
 * another post. A line without a key is a post as well, so that the API reports what is wrong with it.
 * @throws Error if the folder has none of the files
 */
export function readPosts(folder: string): GeneratedPost[] {
  const files = SECTIONS.map((section) => ({ section, path: join(folder, `${section}.jsonl`) }));
  if (!files.some(({ path }) => existsSync(path))) {
    throw new Error(`input folder must hold ${anyOf(INPUT_FILES)}, got none in '${folder}'`);
  }
  const posts: GeneratedPost[] = [];
  const byKey = new Map<string, Sections[]>();
  for (const { section, path } of files) {
    if (!existsSync(path)) continue;
    const lines = readFileSync(path, 'utf8').split('\n');
    lines.forEach((raw, i) => {
      const line = raw.replace(/^\ufeff/, '').trim();
      if (line === '') return;
      const key = keyOfLine(line, section);
      const same = key === undefined ? undefined : byKey.get(key);
      const open = same?.find((sections) => sections[section] === undefined);
      if (open) {
        open[section] = line;
        return;
      }
      const sections: Sections = { [section]: line };
      if (key === undefined) {
        posts.push({ key: `${section}.jsonl:${i + 1}`, sections, doubtful: true });
        return;
      }
      posts.push({ key, sections });
      if (same) same.push(sections);
      else byKey.set(key, [sections]);
    });
  }
  return posts;
}

/** Files, headings and scripts that the Markdown files of the project name exist. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { scripts } from '../../../package.json';
import { ROOT } from '../../../tools/kit/root';

/** Not written by this project. */
const LEFT_OUT = new Set(['node_modules', '.local', '.git', 'cdk.out', 'coverage', '.pytest_cache']);

const markdownBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return markdownBelow(path);
      return entry.name.endsWith('.md') ? [path] : [];
    });

const FILES = markdownBelow(ROOT).map((path) => relative(ROOT, path));
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const proseOf = (file: string) => textOf(file).replace(/^```[\s\S]*?^```/gm, '');

/** As GitHub names headings; the second of a name gets a number. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(file).matchAll(/^#{1,6} (.*)$/gm)) {
    const name = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = name;
    for (let i = 1; anchors.has(anchor); i++) anchor = `${name}-${i}`;
    anchors.add(anchor);
  }
  return anchors;
}

const linksOf = (file: string): string[] => {
  const prose = proseOf(file).replace(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)]
    .map(([, inline, defined]) => inline ?? defined)
    .filter((link) => !/^(https?|mailto):/.test(link));
};

function isThere(file: string, link: string): boolean {
  const [path, anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  if (target.startsWith('..') || !existsSync(join(ROOT, target))) return false;
  if (anchor === undefined) return true;
  return statSync(join(ROOT, target)).isFile() && target.endsWith('.md') && anchorsOf(target).has(anchor);
}

test('files are found, and links in them', () => {
  expect(FILES).toEqual(expect.arrayContaining(['README.md', 'docs/runbook.md', 'docs/adr/README.md']));
  expect(linksOf('README.md')).toContain('docs/cost-and-scale.md');
  expect(linksOf('docs/runbook.md')).toContain('#write-conflicts');
});

test('a link that leads nowhere is recognized', () => {
  expect(isThere('docs/runbook.md', '#write-conflicts')).toBe(true);
  expect(isThere('docs/runbook.md', '#no-such-article')).toBe(false);
  expect(isThere('docs/runbook.md', '../README.md#layout')).toBe(true);
  expect(isThere('docs/runbook.md', 'SECURITY.md')).toBe(false);
  expect(isThere('README.md', '../README.md')).toBe(false);
});

describe.each(FILES)('%s', (file) => {
  test('links to files and headings that exist', () => {
    expect(linksOf(file).filter((link) => !isThere(file, link))).toEqual([]);
  });

  test('names files of the project by their paths', () => {
    const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const names = [...proseOf(file).matchAll(/`([\w.@-]+\/[\w./@-]*)`/g)].map(([, name]) => name);
    const paths = names.filter((name) => folders.some((folder) => name.startsWith(`${folder.name}/`)));
    expect(paths.filter((path) => !path.startsWith('.local/') && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names scripts that exist', () => {
    const named = [...textOf(file).matchAll(/\bnpm run (?:-s |--silent )?([\w:-]+)/g)].map(([, name]) => name);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });
});

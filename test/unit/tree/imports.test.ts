/** No import circle, type imports included: a circle of types vanishes at run time, but shows that a type lives in the wrong file. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../../../tools/kit/root';

type Graph = ReadonlyMap<string, readonly string[]>;

/** The first circle found, as its files in order with the first repeated at the end; undefined where there is none. */
function circleIn(graph: Graph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const circle = visit(next);
      if (circle) return circle;
    }
    path.pop();
    done.add(file);
    return undefined;
  }
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle) return circle;
  }
  return undefined;
}

const candidates = (path: string) => [`${path}.ts`, join(path, 'index.ts'), path];

function graphOf(files: readonly string[]): Graph {
  const all = new Set(files);
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, file), 'utf8'));
      const relative = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
      const found = relative.flatMap(({ fileName }) =>
        candidates(join(dirname(file), fileName)).filter((path) => all.has(path)),
      );
      return [file, found];
    }),
  );
}

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '*.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
});
const FILES = tracked.split('\0').filter((file) => file !== '' && existsSync(join(ROOT, file)));

test('no file imports itself through others', () => {
  const graph = graphOf(FILES);
  // Most files import another one: a reader of imports that finds none would find no circle either.
  expect([...graph.values()].filter((imports) => imports.length > 0).length).toBeGreaterThan(FILES.length / 2);
  expect(circleIn(graph)?.join(' → ')).toBeUndefined();
});

test.each<[string, [string, string[]][], string | undefined]>([
  ['itself', [['a', ['a']]], 'a → a'],
  [
    'two files',
    [
      ['a', ['b']],
      ['b', ['a']],
    ],
    'a → b → a',
  ],
  [
    'a tail before it',
    [
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['d']],
      ['d', ['b']],
    ],
    'b → c → d → b',
  ],
  [
    'two ways to one file',
    [
      ['a', ['b', 'c']],
      ['b', ['d']],
      ['c', ['d']],
      ['d', []],
    ],
    undefined,
  ],
])('a circle is found: %s', (_, edges, circle) => {
  expect(circleIn(new Map(edges))?.join(' → ')).toBe(circle);
});

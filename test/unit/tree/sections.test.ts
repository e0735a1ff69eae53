/** Sections are listed in one table: adding one touches the files that its recipe names, and no others. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { SECTIONS } from '../../../lambda/domain/columns';
import { ROOT } from '../../../tools/kit/root';

const isSection = (name: string) => (SECTIONS as readonly string[]).includes(name);

const NAME = `\\b(?:${SECTIONS.join('|')})\\b`;
const QUOTES = '["\'`]?';
/** Two names in a row, as prose or code lists them: `pin, geo`, `'pin' | 'geo'`, `.pin or .geo`. */
const LISTED = new RegExp(`(${NAME})${QUOTES}\\s*(?:,|/|\\||\\bor\\b|\\band\\b)\\s*${QUOTES}[.-]?(?!\\1\\b)${NAME}`);

const nameOf = (node: ts.Node | undefined): string =>
  node && (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) ? node.text : '';

/** The names that a node lists: keys of an object or type, cases of a switch. */
function namesIn(node: ts.Node): string[] {
  if (ts.isObjectLiteralExpression(node)) return node.properties.map(({ name }) => nameOf(name));
  if (ts.isInterfaceDeclaration(node) || ts.isTypeLiteralNode(node))
    return node.members.map(({ name }) => nameOf(name));
  if (ts.isCaseBlock(node)) return node.clauses.map((each) => (ts.isCaseClause(each) ? nameOf(each.expression) : ''));
  if (ts.isArrayLiteralExpression(node)) return node.elements.map(nameOf);
  return [];
}

function listsSections(file: string, text: string): boolean {
  if (text.split('\n').some((line) => LISTED.test(line))) return true;
  if (!file.endsWith('.ts')) return false;
  const found = (node: ts.Node): boolean =>
    new Set(namesIn(node).filter(isSection)).size > 1 || (ts.forEachChild(node, found) ?? false);
  return found(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
}

const CODE = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((file) => /\.(ts|mjs|cjs|py|scala|html)$/.test(file) && !/^(test|docs)\//.test(file))
  .filter((file) => existsSync(join(ROOT, file)))
  // Made by `npm run generate`.
  .filter((file) => file !== 'clients/typescript/types.ts');

const RECIPE = /^```files\n([\s\S]*?)^```/m
  .exec(readFileSync(join(ROOT, 'docs/how-to/section.md'), 'utf8'))![1]
  .split('\n')
  .filter((line) => line !== '');

/** A section's own file may name the others, as a reader needs it. */
const OWN = 'lambda/domain/sections/';

test('only the files of the recipe name more than one section', () => {
  const listing = CODE.filter((file) => !file.startsWith(OWN)).filter((file) =>
    listsSections(file, readFileSync(join(ROOT, file), 'utf8')),
  );
  expect(listing.sort()).toEqual(RECIPE.filter((file) => file !== OWN).sort());
});

test.each([
  ["const ALL = ['pin', 'geo'];", true],
  ["const ALL = [\n  'pin',\n  'geo',\n];", true],
  ["type Part = 'user' | 'geo';", true],
  ['const of = { geo: 1,\n other: 2,\n user: 3 };', true],
  ['interface Sent {\n  pin: string;\n  geo: string;\n}', true],
  ["switch (section) {\n  case 'pin':\n    return 1;\n  case 'user':\n    return 2;\n}", true],
  ['/** A name that ends in .pin, .geo or .user. */', true],
  ["const HELP = 'sends DIR/{pin,geo}.jsonl';", true],
  ['const of = { pin: 1, user_name: 2 };', false],
  ["if (section === 'pin') use(user);", false],
  ['/** The user of a pin. */', false],
])('a list of sections is recognized: %j is %p', (text, expected) => {
  expect(listsSections('some.ts', text)).toBe(expected);
});

/** Each recipe lists the files to edit, in a block that this test reads: they exist, and the index has their number. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../tools/kit/root';

const FOLDER = join(ROOT, 'docs', 'how-to');
const INDEX = readFileSync(join(FOLDER, 'README.md'), 'utf8');
const RECIPES = readdirSync(FOLDER).filter((name) => name.endsWith('.md') && name !== 'README.md');

const filesOf = (recipe: string): string[] => {
  const blocks = [...readFileSync(join(FOLDER, recipe), 'utf8').matchAll(/^```files\n([\s\S]*?)^```/gm)];
  return blocks.flatMap(([, lines]) => lines.split('\n').filter((line) => line !== ''));
};

test('there is a recipe for each usual change', () => {
  expect(RECIPES.sort()).toEqual([
    'aws-resource.md',
    'change-a-live-deployment.md',
    'column.md',
    'config-key.md',
    'environment-variable.md',
    'metric.md',
    'section.md',
    'standard-answer.md',
    'tool-command.md',
    'view.md',
  ]);
});

describe.each(RECIPES)('%s', (recipe) => {
  test('lists files that exist, each once', () => {
    const files = filesOf(recipe);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
    expect(new Set(files).size).toBe(files.length);
  });

  test('is in the index, with the number of its files', () => {
    const row = INDEX.split('\n').find((line) => line.includes(`](${recipe})`));
    expect(row?.split('|')[2].trim()).toBe(String(filesOf(recipe).length));
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GENERATORS, outdated } from '../../../tools/docgen/generate';
import { ROOT } from '../../../tools/kit/root';
import { synthesized } from '../../support/synth';
import { temporaryFolder } from '../../support/temporary';

const assemblyOf = (stage: string) => synthesized({ stage });

describe.each(Object.entries(GENERATORS))('generator %s', (name, { files, render }) => {
  let rendered: ReturnType<typeof render>;
  beforeAll(() => {
    rendered = render(assemblyOf);
  });

  test(`writes files that are current; if not, run npm run generate -- ${name}`, () => {
    expect(outdated({ render: () => rendered }, assemblyOf)).toEqual([]);
  });

  test('renders the files that it lists, and no others', () => {
    expect(Object.keys(rendered)).toEqual(files);
  });
});

test('no two generators write the same file', () => {
  const files = Object.values(GENERATORS).flatMap((each) => each.files);
  expect(new Set(files).size).toBe(files.length);
});

test('a file that is missing or differs in more than padding is outdated', () => {
  const file = 'docs/metrics.md';
  const committed = readFileSync(join(ROOT, file), 'utf8');
  const rendering = (text: string) => ({ render: () => ({ [file]: text }) });
  expect(outdated(rendering(committed.replace(/ {2,}/g, ' ')), assemblyOf)).toEqual([]);
  expect(outdated(rendering(committed.replace('metric', 'metrics')), assemblyOf)).toEqual([file]);
  expect(outdated(rendering(committed), assemblyOf, temporaryFolder('generated'))).toEqual([file]);
});

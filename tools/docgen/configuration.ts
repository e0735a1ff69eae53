/** docs/configuration.md: the table of all configuration keys, from the interface, its comments, its rules and the stages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { CONFIG_KEYS, type ConfigKey, loadConfig, STAGES } from '../../lib/config';
import { RULES } from '../../lib/config/rules';
import { ROOT } from '../kit/root';
import { markdownTable } from '../kit/table';
import { type Generator } from './generator';

const SOURCE = join(ROOT, 'lib', 'config', 'schema.ts');
const FILE = 'docs/configuration.md';

interface Doc {
  /** What the key is, on one line. */
  readonly what: string;
  /** The value where no stage sets it. */
  readonly unset?: string;
  /** AWS's page about it. */
  readonly page?: string;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

/** The text of a comment or of one of its tags, links included. */
const textOf = (comment: ts.JSDoc['comment']) => oneLine(ts.getTextOfJSDocComment(comment) ?? '');

/** The comments of the interface `PipelineConfig`, by key. */
function comments(): ReadonlyMap<string, Doc> {
  const file = ts.createSourceFile(SOURCE, readFileSync(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = file.statements.find(
    (each): each is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(each) && each.name.text === 'PipelineConfig',
  );
  if (!found) throw new Error(`${SOURCE} has no interface PipelineConfig`);
  return new Map(
    found.members.map((member) => {
      const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
      const tag = (name: string) => doc?.tags?.find(({ tagName }) => tagName.text === name);
      const see = tag('see');
      return [
        (member.name as ts.Identifier).text,
        {
          what: textOf(doc?.comment),
          unset: tag('default') && textOf(tag('default')?.comment).replace(/^- /, ''),
          // The parser cuts a link in this tag at its colon; the source has the whole link.
          page: see && /https:\/\/\S+/.exec(see.getText())?.[0],
        },
      ];
    }),
  );
}

const cell = (text: string) => text.replaceAll('|', '\\|');

function row(key: ConfigKey, doc: Doc | undefined): string[] {
  if (!doc?.what) throw new Error(`${key} of PipelineConfig has no comment`);
  const values = STAGES.map((stage) => loadConfig({ stage })[key]);
  const what = doc.page ? `${doc.what} [AWS](${doc.page})` : doc.what;
  const defaults = values.map((value) => (value === undefined ? (doc.unset ?? '') : String(value)));
  return [`\`${key}\``, what, RULES[key].allowed, ...defaults].map(cell);
}

function document(): string {
  const docs = comments();
  // In the order of the interface, which groups them.
  const keys = [...docs.keys()].filter((key): key is ConfigKey => (CONFIG_KEYS as readonly string[]).includes(key));
  const head = ['key', 'what', 'allowed', ...STAGES.map((stage) => `\`${stage}\``)];
  return `<!-- Generated: npm run generate -- configuration -->

# Configuration

Any key can be set with \`-c key=value\` on the command line of \`cdk\`, or under \`context\` in \`cdk.json\`. A key that is not here, a value that is not
allowed, or values that do not go together stop synth with one line, before anything is created: \`lib/config/combinations.ts\` lists those.

${markdownTable(
  head,
  keys.map((key) => row(key, docs.get(key))),
)}
`;
}

export const configuration: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };

/** docs/configuration.md: the table of all configuration keys, with the comments, rules and defaults of `lib/config/schema.ts`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { CONFIG_KEYS, type ConfigKey, loadConfig, STAGES } from '../../lib/config';
import { KEYS } from '../../lib/config/schema';
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

/** The comments of the keys, in the order of the schema, which groups them. */
function comments(): ReadonlyMap<string, Doc> {
  const file = ts.createSourceFile(SOURCE, readFileSync(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const keys = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => [...declarationList.declarations])
    .find(({ name }) => name.getText() === 'KEYS')?.initializer;
  if (!keys || !ts.isObjectLiteralExpression(keys)) throw new Error(`${SOURCE} has no object KEYS`);
  return new Map(
    keys.properties.map((member) => {
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
  if (!doc?.what) throw new Error(`${key} of KEYS has no comment`);
  const values = STAGES.map((stage) => loadConfig({ stage })[key]);
  const what = doc.page ? `${doc.what} [AWS](${doc.page})` : doc.what;
  const defaults = values.map((value) => (value === undefined ? (doc.unset ?? '') : String(value)));
  return [`\`${key}\``, what, KEYS[key].rule.allowed, ...defaults].map(cell);
}

function document(): string {
  const docs = comments();
  const head = ['key', 'what', 'allowed', ...STAGES.map((stage) => `\`${stage}\``)];
  return `<!-- Generated: npm run generate -- configuration -->

# Configuration

Every synth and deployment names its stage: \`npx cdk synth -c stage=dev\`. The table has the values of each stage. \`stages/<stage>.json\`,
which is checked in, sets others for all deployments of the stage, for example \`{ "region": "eu-central-1", "alarmEmail": "a@b.example" }\`.
\`-c key=value\` on the command line has priority. A key that is not here, a value that is not
allowed, or values that do not go together stop synth with one line, before anything is created: \`lib/config/combinations.ts\` lists those.

${markdownTable(
  head,
  CONFIG_KEYS.map((key) => row(key, docs.get(key))),
)}
`;
}

export const configuration: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };

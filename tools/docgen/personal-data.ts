/** docs/security/personal-data.md, from the classes of the fields, the views and the configuration. */
import { incompletePostColumns } from '../../lambda/formats/speed-state';
import { COLUMNS, SECTIONS } from '../../lambda/domain/columns';
import { COLUMN_CLASSES, type DataClass, DATA_CLASSES, FIELD_CLASSES, highest } from '../../lambda/domain/data-classes';
import { PREFIXES } from '../../lambda/formats/keys';
import { type View, VIEWS } from '../../lambda/domain/views';
import { loadConfig } from '../../lib/config';
import { NONCURRENT_DAYS, type Prefix } from '../../lib/constructs/post-lake';
import { type ViewTable } from '../../lib/constructs/view-store';
import { markdownTable } from '../kit/table';
import { type Generator } from './generator';

const FILE = 'docs/security/personal-data.md';

/** @see https://docs.aws.amazon.com/keyspaces/latest/devguide/PointInTimeRecovery_HowItWorks.html */
const RESTORE_DAYS = 35;
const STAGES = ['dev', 'prod'] as const;
const CLASSES = Object.keys(DATA_CLASSES).reverse() as DataClass[];

interface Place {
  readonly holds: string;
  readonly kept: string;
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** A value of the configuration in each stage. */
const setting = (key: 'retentionDays' | 'speedTtlHours' | 'logRetentionDays' | 'recentPosts') =>
  STAGES.map((stage) => `${loadConfig({ stage })[key].toLocaleString('en-US')} in \`${stage}\``).join(', ');

const columnsOf = ({ dimensions, value }: View) => [...dimensions, ...(value ? [value] : [])];
const classOf = (view: View) => highest(columnsOf(view).map((name) => COLUMN_CLASSES[name]));
const delicate = (names: readonly (keyof typeof COLUMN_CLASSES)[]) =>
  names.filter((name) => COLUMN_CLASSES[name] !== 'none');

const VIEW_ROWS = `what the views below hold: ${code(VIEWS.filter((view) => classOf(view) === 'personal').map(({ name }) => name))} is the one with names`;

const LAKE: Readonly<Record<Prefix, Place>> = {
  raw: { holds: 'whole records as clients sent them, fields unknown to the contract too', kept: 'for ever' },
  quarantine: { holds: 'whole records that could not be interpreted', kept: 'for ever' },
  posts: { holds: 'every column', kept: 'for ever' },
  incompletePosts: { holds: 'every column, of posts that wait for sections', kept: 'for ever' },
  dedupIndex: { holds: '`post_key`', kept: 'for ever' },
  views: { holds: VIEW_ROWS, kept: 'for ever' },
  seals: { holds: 'nothing of a post: offsets', kept: 'for ever' },
  manifests: { holds: 'nothing of a post: offsets, counts, checksums', kept: 'for ever' },
  published: { holds: 'nothing of a post: the name of an interval', kept: 'for ever' },
  drift: { holds: 'nothing of a post: differences of counts', kept: 'for ever' },
  jobs: { holds: 'nothing of a post: the Spark job', kept: 'until it is replaced' },
};

function incompleteOfSpeedLayer(): string {
  const pending = incompletePostColumns(VIEWS);
  return code(delicate(SECTIONS.flatMap((section) => pending[section])));
}

const TABLES: Readonly<Record<ViewTable, readonly [name: string, place: Place]>> = {
  speedViews: ['speed_views', { holds: VIEW_ROWS, kept: `hours: ${setting('speedTtlHours')}` }],
  speedState: [
    'speed_state',
    {
      holds: `the keys of recent posts, and of those that wait for sections ${incompleteOfSpeedLayer()}`,
      kept: `until newer posts take their place (posts a partition: ${setting('recentPosts')})`,
    },
  ],
  batchViews: ['batch_views', { holds: VIEW_ROWS, kept: 'for ever' }],
  boundary: ['boundary', { holds: 'nothing of a post: instants', kept: 'for ever' }],
};

function fields(): string {
  const rows = SECTIONS.flatMap((section) =>
    Object.entries(FIELD_CLASSES[section]).map(([field, dataClass]) => [`\`${section}.${field}\``, dataClass]),
  );
  return markdownTable(['field', 'class'], rows);
}

function columns(): string {
  return markdownTable(
    ['column', 'class', 'what it is'],
    COLUMNS.map(({ name, description }) => [`\`${name}\``, COLUMN_CLASSES[name], description]),
  );
}

function places(): string {
  const rows: [string, Place][] = [
    [
      'Kafka, topic `posts`',
      { holds: 'whole records as clients sent them', kept: `days: ${setting('retentionDays')}` },
    ],
    ...(Object.keys(LAKE) as Prefix[]).map((prefix): [string, Place] => [`S3, \`${PREFIXES[prefix]}\``, LAKE[prefix]]),
    ...Object.values(TABLES).map(([name, place]): [string, Place] => [`Keyspaces, \`${name}\``, place]),
    [
      'CloudWatch, logs of functions, Spark and Airflow',
      { holds: 'nothing of a post: positions, counts, reasons', kept: `days: ${setting('logRetentionDays')}` },
    ],
    [
      'CloudWatch, access logs of the APIs',
      { holds: 'the IP address of the caller', kept: `days: ${setting('logRetentionDays')}` },
    ],
  ];
  return markdownTable(
    ['where', 'holds', 'kept'],
    rows.map(([where, { holds, kept }]) => [where, holds, kept]),
  );
}

function views(): string {
  const rows = VIEWS.map((view) => [`\`${view.name}\``, classOf(view), code(delicate(columnsOf(view))) || '–']);
  return markdownTable(['view', 'class', 'its columns that are not `none`'], rows);
}

function document(): string {
  return `<!-- Generated: npm run generate -- personal-data -->

# Personal data

Posts hold data about persons. Each field has one of three classes, in \`lambda/domain/data-classes.ts\`; a field without a class does not compile. The
classes are also in the JSON Schema (\`x-data-class\`) and in the comments of the Glue table.

${markdownTable(
  ['class', 'meaning'],
  CLASSES.map((name) => [name, DATA_CLASSES[name]]),
)}

## What clients send

${fields()}

Fields that the contract does not know are kept where whole records are (below) and nowhere else. Take them as \`personal\`.

## What the cleaning makes of it

${columns()}

\`user_register\` and \`user_rank\` are two numbers from a hash of name, age and day of joining. Many persons share a pair, but who knows a person's data can
compute it.

## Where it is, and for how long

${places()}

In S3, an overwritten or deleted object can be brought back for ${NONCURRENT_DAYS} days. A table of Keyspaces can be restored to any second of the last ${RESTORE_DAYS} days.
In stage \`dev\` everything goes with its stack; in \`prod\` it stays. All of it is encrypted at rest and on its way.

## What the views hold

${views()}

The query API gives these to whoever may call it, \`top_poster_by_country\` with names and follower counts. Everything else is counts.

## Erasing a person

\`npm run -s erase -- --help\`; the steps around it are in the [runbook](../runbook.md#erase-a-person), the reasons in [ADR 23](../adr/0023-erased-in-place.md). A person
is all four of first name, last name, age and day of joining: there is no user id. A post of a person is erased whole, all its sections in all records.

| where | what happens |
| --- | --- |
| S3, ${code([PREFIXES.raw])} | offset, time, key of the post and a mark stay of each record; whole records and columns go |
| S3, ${code([PREFIXES.quarantine])} | the objects go that name the person or have the key of one of the posts |
| S3, ${code([PREFIXES.posts, PREFIXES.incompletePosts, PREFIXES.dedupIndex])} | computed again without the posts |
| S3, ${code([PREFIXES.views])}; Keyspaces, \`batch_views\` | computed again by the runs of the DAG that the command prints |
| Keyspaces, \`speed_views\`, \`speed_state\` | stays as long as the table above says |
| Kafka | stays as long as the table above says; an event source that is set back to before brings the posts again |
| S3, versions before | stay ${NONCURRENT_DAYS} days |
| Keyspaces, restore | stays ${RESTORE_DAYS} days |

Text of others that mentions the person, a title or a description, is not searched for.
`;
}

export const personalData: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };

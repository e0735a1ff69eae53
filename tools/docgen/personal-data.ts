/** docs/security/personal-data.md, from the classes of the fields, the views and the configuration. */
import { speedSchema } from '../../lambda/formats/speed-head';
import { columnOf, COLUMNS, type ColumnName, SECTION_TABLE, SECTIONS } from '../../lambda/domain/columns';
import { type DataClass, DATA_CLASSES, highest } from '../../lambda/domain/data-classes';
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
  readonly retained: string;
}

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

/** A value of the configuration in each stage. */
const setting = (key: 'retentionDays' | 'speedTtlHours' | 'logRetentionDays' | 'identityHorizonHours') =>
  STAGES.map((stage) => `${loadConfig({ stage })[key].toLocaleString('en-US')} in \`${stage}\``).join(', ');

const columnsOf = ({ dimensions, value }: View) => [...dimensions, ...(value ? [value] : [])];
const classOf = (view: View) => highest(columnsOf(view).map((name) => columnOf(name).dataClass));
const delicate = (names: readonly ColumnName[]) => names.filter((name) => columnOf(name).dataClass !== 'none');

const VIEW_ROWS = `what the views below hold: ${code(VIEWS.filter((view) => classOf(view) === 'personal').map(({ name }) => name))} is the one with names`;

const LAKE: Readonly<Record<Prefix, Place>> = {
  raw: { holds: 'whole records as clients sent them, fields unknown to the contract too', retained: 'indefinitely' },
  quarantine: { holds: 'whole records that could not be interpreted', retained: 'indefinitely' },
  posts: { holds: 'every column', retained: 'indefinitely' },
  incompletePosts: { holds: 'every column, of incomplete posts', retained: 'indefinitely' },
  dedupIndex: { holds: '`post_key`', retained: 'indefinitely' },
  views: { holds: VIEW_ROWS, retained: 'indefinitely' },
  seals: { holds: 'nothing of a post: offsets', retained: 'indefinitely' },
  plan: { holds: 'nothing of a post: names of intervals and of a run', retained: 'until the next run replaces it' },
  manifests: { holds: 'nothing of a post: offsets, counts, checksums', retained: 'indefinitely' },
  published: { holds: 'nothing of a post: the name of an interval', retained: 'indefinitely' },
  drift: { holds: 'nothing of a post: differences of counts', retained: 'indefinitely' },
  jobs: { holds: 'nothing of a post: the Spark job', retained: 'until it is replaced' },
};

const SPEED = speedSchema(VIEWS, 60);
const EXPIRES = `hours: ${setting('speedTtlHours')}`;

const TABLES: Readonly<Record<ViewTable, readonly [name: string, place: Place]>> = {
  speedLog: ['speed_log', { holds: `the key of each post, and ${code(delicate(SPEED.columns))}`, retained: EXPIRES }],
  speedHead: ['speed_head', { holds: 'nothing of a post: offsets and instants', retained: 'until it is replaced' }],
  speedRuns: ['speed_runs', { holds: VIEW_ROWS, retained: EXPIRES }],
  speedPosts: [
    'speed_posts',
    {
      holds: `the keys of recent posts, and of incomplete posts ${code(delicate(SPEED.waiting))}`,
      retained: `hours: ${setting('identityHorizonHours')}`,
    },
  ],
  batchViews: ['batch_views', { holds: VIEW_ROWS, retained: 'indefinitely' }],
  batchRuns: ['batch_runs', { holds: VIEW_ROWS, retained: 'indefinitely; replaced rows for an hour' }],
  unreferencedRuns: ['unreferenced_runs', { holds: 'nothing of a post: names of rows', retained: 'an hour' }],
  boundary: ['boundary', { holds: 'nothing of a post: instants', retained: 'indefinitely' }],
};

function fields(): string {
  const rows = SECTIONS.flatMap((section) =>
    Object.entries(SECTION_TABLE[section].fields).map(([field, [, dataClass]]) => [
      `\`${section}.${field}\``,
      dataClass,
    ]),
  );
  return markdownTable(['field', 'class'], rows);
}

function columns(): string {
  return markdownTable(
    ['column', 'class', 'what it is'],
    COLUMNS.map(({ name, dataClass, description }) => [`\`${name}\``, dataClass, description]),
  );
}

function places(): string {
  const rows: [string, Place][] = [
    [
      'Kafka, topic `posts`',
      { holds: 'whole records as clients sent them', retained: `days: ${setting('retentionDays')}` },
    ],
    ...(Object.keys(LAKE) as Prefix[]).map((prefix): [string, Place] => [`S3, \`${PREFIXES[prefix]}\``, LAKE[prefix]]),
    ...Object.values(TABLES).map(([name, place]): [string, Place] => [`Keyspaces, \`${name}\``, place]),
    [
      'CloudWatch, logs of functions, Spark and Airflow',
      { holds: 'nothing of a post: positions, counts, reasons', retained: `days: ${setting('logRetentionDays')}` },
    ],
    [
      'CloudWatch, access logs of the APIs',
      { holds: 'the IP address of the caller', retained: `days: ${setting('logRetentionDays')}` },
    ],
  ];
  return markdownTable(
    ['where', 'holds', 'retained'],
    rows.map(([where, { holds, retained }]) => [where, holds, retained]),
  );
}

function views(): string {
  const rows = VIEWS.map((view) => [`\`${view.name}\``, classOf(view), code(delicate(columnsOf(view))) || '–']);
  return markdownTable(['view', 'class', 'its columns that are not `none`'], rows);
}

function document(): string {
  return `<!-- Generated: npm run generate -- personal-data -->

# Personal data

Posts hold data about persons. Each field has one of three classes, in the file of its section in \`lambda/domain/sections/\`; a field without
a class does not compile. The classes are also in the JSON Schema (\`x-data-class\`) and in the comments of the Glue table.

${markdownTable(
  ['class', 'meaning'],
  CLASSES.map((name) => [name, DATA_CLASSES[name]]),
)}

## What clients send

${fields()}

Fields that are not in the contract are stored with whole records (below) and nowhere else. Treat them as \`personal\`.

## What the cleaning makes of it

${columns()}

\`user_register\` and \`user_rank\` are two numbers from a hash of name, age and day of joining. Many persons share a pair, but anyone who knows a person's data can
compute it.

## Where it is, and for how long

${places()}

In S3, an overwritten or deleted object can be restored for ${NONCURRENT_DAYS} days. A table of
Keyspaces whose rows do not expire can be restored to any second of the last ${RESTORE_DAYS} days.
In stage \`dev\` everything is deleted with its stack; in \`prod\` it is retained. All of it is encrypted at rest and in transit.

## What the views hold

${views()}

The query API returns these to every permitted caller, \`top_poster_by_country\` with names and follower counts. Everything else is counts.

## Erasing a person

\`npm run -s erase -- --help\`; the steps around it are in the [runbook](../runbook.md#erase-a-person), the reasons in [ADR 23](../adr/0023-erased-in-place.md). A person
is all four of first name, last name, age and day of joining: there is no user id. A post of a person is erased whole, all its sections in all records.

| where | what happens |
| --- | --- |
| S3, ${code([PREFIXES.raw])} | offset, time, key of the post and a mark of each record remain; sections and other columns are deleted |
| S3, ${code([PREFIXES.quarantine])} | objects that name the person or have the key of one of the posts are deleted |
| S3, ${code([PREFIXES.posts, PREFIXES.incompletePosts, PREFIXES.dedupIndex])} | computed again without the posts |
| S3, ${code([PREFIXES.views])}; Keyspaces, \`batch_views\`, \`batch_runs\` | computed again by the runs of the DAG that the command prints; with \`--publish\`, it then deletes what they replaced |
| Keyspaces, \`speed_log\`, \`speed_runs\`, \`speed_posts\` | retained as in the table above |
| Kafka | retained as in the table above; an event source that goes back archives the posts again, so the search is repeated when they are gone |
| S3, previous versions | retained for ${NONCURRENT_DAYS} days |
| Keyspaces, restore | possible for ${RESTORE_DAYS} days |

Titles and descriptions of other posts that mention the person are not searched.
`;
}

export const personalData: Generator = { files: [FILE], render: () => ({ [FILE]: document() }) };

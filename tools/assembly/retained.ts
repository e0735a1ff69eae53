/** What a deletion of the stacks leaves in the account, and why: read from the templates, so that it can't be out of date. */

export interface Kept {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly why: string;
  /** The AWS CLI command that deletes it; `NAME` and the like stand for what `describe-stack-resources` shows. */
  readonly command: string;
}

/** The part of a template that is read. */
export interface TemplateText {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly DeletionPolicy?: string }>>;
}

const POSTS = 'the posts, and all that was computed from them';
const SERVED = 'what the query API answers from; it can be computed anew from the lake';

const REASONS: Readonly<Record<string, readonly [why: string, command: string]>> = {
  'AWS::MSK::Cluster': [
    'posts that are acknowledged and not archived yet; it is billed by the hour',
    'aws kafka delete-cluster --cluster-arn ARN',
  ],
  'AWS::MSK::Configuration': ['the cluster runs by it', 'aws kafka delete-configuration --arn ARN'],
  'AWS::MSK::Topic': ['goes with its cluster', 'none: deleted with the cluster'],
  'AWS::S3::Bucket': [POSTS, 'aws s3 rb s3://NAME --force (after deleting all versions)'],
  'AWS::Cassandra::Keyspace': [SERVED, 'aws keyspaces delete-keyspace --keyspace-name NAME (after its tables)'],
  'AWS::Cassandra::Table': [SERVED, 'aws keyspaces delete-table --keyspace-name KEYSPACE --table-name NAME'],
  'AWS::Glue::Database': ['how Athena reads the lake', 'aws glue delete-database --name NAME'],
  'AWS::Glue::Table': ['how Athena reads the lake', 'none: deleted with the database'],
  'AWS::KMS::Key': [
    'without it none of the above can be read',
    'aws kms schedule-key-deletion --key-id ID --pending-window-in-days 30 (last of all)',
  ],
};

/** @param stacks templates by the name of their stack */
export function kept(stacks: Readonly<Record<string, TemplateText>>): Kept[] {
  return Object.entries(stacks).flatMap(([stack, { Resources = {} }]) =>
    Object.entries(Resources)
      .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain' || DeletionPolicy === 'RetainExceptOnCreate')
      .map(([logicalId, { Type: type }]) => {
        const [why, command] = REASONS[type] ?? ['its template says so', 'see the AWS CLI'];
        return { stack, logicalId, type, why, command };
      }),
  );
}

/** A few lines for people. */
export function keptText(list: readonly Kept[]): string {
  if (list.length === 0) return 'cdk destroy leaves nothing.';
  return [
    `cdk destroy leaves ${list.length} resources, as their data would be lost with them:`,
    ...list.map(
      ({ stack, logicalId, type, why, command }) => `  ${stack}/${logicalId} (${type}): ${why}\n    ${command}`,
    ),
  ].join('\n');
}

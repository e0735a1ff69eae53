/** Who writes to an encrypted resource must be able to use its key: otherwise what it sends is lost, and no deployment fails. */
import { allowing, allowingIn, type Place, type Statement } from './iam';
import { type AppTemplates, type Finding, listOf, type Located, property, type Rule } from './rule';

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
const WRITER_NEEDS = ['kms:Decrypt', 'kms:GenerateDataKey'];

/** Where a type names its key and what writes to it. */
interface Encrypted {
  readonly type: string;
  readonly key: string;
  readonly write: string;
  /** The type of the resource's policy, and the property that names the resource. */
  readonly policy: readonly [type: string, names: string];
}

const TOPIC: Encrypted = {
  type: 'AWS::SNS::Topic',
  key: 'KmsMasterKeyId',
  write: 'sns:Publish',
  policy: ['AWS::SNS::TopicPolicy', 'Topics'],
};
const OTHERS: readonly Encrypted[] = [
  {
    type: 'AWS::SQS::Queue',
    key: 'KmsMasterKeyId',
    write: 'sqs:SendMessage',
    policy: ['AWS::SQS::QueuePolicy', 'Queues'],
  },
  {
    type: 'AWS::S3::Bucket',
    key: 'BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.KMSMasterKeyID',
    write: 's3:PutObject',
    policy: ['AWS::S3::BucketPolicy', 'Bucket'],
  },
];

/** Services that write to the topics, queues and buckets that a resource of theirs names, whatever the policies say. */
const WRITES_AS: Readonly<Record<string, string>> = {
  'AWS::APS::Workspace': 'aps.amazonaws.com',
  'AWS::Budgets::Budget': 'budgets.amazonaws.com',
  'AWS::CloudWatch::Alarm': 'cloudwatch.amazonaws.com',
  'AWS::CloudWatch::CompositeAlarm': 'cloudwatch.amazonaws.com',
  'AWS::Events::Rule': 'events.amazonaws.com',
  'AWS::S3::Bucket': 's3.amazonaws.com',
  'AWS::SNS::Subscription': 'sns.amazonaws.com',
};

/** Log groups are encrypted by the service of their region, which no policy of theirs names. */
const LOG_SERVICE = /^logs\./;

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
const covers = (actions: unknown, action: string) =>
  listOf(actions).some((each) => new RegExp(`^${String(each).replaceAll('*', '.*')}$`).test(action));
const text = (value: unknown) => JSON.stringify(value ?? '');

/** A principal as text. The name of a service may contain the region. */
const services = ({ Principal }: Statement): string[] =>
  listOf((Principal as { Service?: unknown } | undefined)?.Service).map((service) =>
    typeof service === 'string'
      ? service
      : listOf((service as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1])
          .map((part) => (typeof part === 'string' ? part : '*'))
          .join(''),
  );

const keyStatements = (key: Located) => allowingIn([{ at: key, document: key.properties['KeyPolicy'] }]);

/** Whether the key's policy lets a service do all that a writer does. */
function lets(key: Located | undefined, fits: (service: string) => boolean): boolean {
  const granted = (key ? keyStatements(key) : []).filter(({ statement }) => services(statement).some(fits));
  return WRITER_NEEDS.every((action) => granted.some(({ statement }) => covers(statement.Action, action)));
}

/** Roles that may write, and may not use the key for it: the key's policy leaves the decision to the roles of the account. */
function rolesWithout(app: AppTemplates, at: Located, key: Located, write: string): Located[] {
  const policies = allowing(app).filter(({ at: { resource } }) => resource.Type === 'AWS::IAM::Policy');
  const roles = ({ at: policy }: Place) =>
    listOf(policy.properties['Roles']).flatMap((role) => app.target(role, policy.stack) ?? []);
  const about = (what: Located) => (place: Place) => app.mentions(place.statement.Resource, place.at.stack, what);
  const uses = policies.filter(about(key));
  const may = (role: Located, action: string) =>
    uses.some((place) => {
      const { Action, Condition } = place.statement;
      const through = text((Condition as Record<string, unknown> | undefined)?.['StringEquals']);
      const open = !through.includes('kms:ViaService') || through.includes(`"${write.split(':')[0]}.`);
      return open && covers(Action, action) && roles(place).includes(role);
    });
  return unique(
    policies
      .filter(({ statement }) => covers(statement.Action, write))
      .filter(about(at))
      .flatMap(roles),
  ).filter((role) => !WRITER_NEEDS.every((action) => may(role, action)));
}

function missing(app: AppTemplates, { type, key: path, write, policy: [policyType, names] }: Encrypted): Finding[] {
  return app.resources(type).flatMap((at) => {
    const value = property(at, path);
    const key = app.target(value, at.stack);
    // Nobody can change the policy of a service's own key, and it allows no other service.
    const ofService = typeof value === 'string' && value.includes('alias/aws/');
    if (!ofService && key?.resource.Type !== 'AWS::KMS::Key') return [];
    const name = key?.id ?? String(value);
    const allowed = allowing(app)
      .filter((place) => place.at.resource.Type === policyType)
      .filter((place) => app.mentions(place.at.properties[names], place.at.stack, at))
      .filter(({ statement }) => covers(statement.Action, write))
      .flatMap(({ statement }) => services(statement));
    const naming = app
      .resources(...Object.keys(WRITES_AS))
      .filter((each) => each !== at && app.mentions(each.properties, each.stack, at))
      .map((each) => WRITES_AS[each.resource.Type]);
    const location = `Properties.${path}`;
    const needs = `must be allowed ${WRITER_NEEDS.join(' and ')}`;
    return [
      ...unique([...allowed, ...naming])
        .filter((service) => !lets(key, (each) => each === service))
        .map((service) => ({
          at,
          location,
          message: `${service} writes to it and ${needs} by the policy of key ${name}, which lacks it`,
        })),
      ...(key ? rolesWithout(app, at, key, write) : []).map(({ id }) => ({
        at,
        location,
        message: `${id} writes to it and ${needs} on key ${name} through ${write.split(':')[0]}, and is not`,
      })),
    ];
  });
}

const topicPublishers: Rule = { name: 'topic-publishers', check: (app) => missing(app, TOPIC) };

const keyWriters: Rule = {
  name: 'key-writers',
  check: (app) => [
    ...OTHERS.flatMap((encrypted) => missing(app, encrypted)),
    ...app
      .resources('AWS::Logs::LogGroup')
      .map((at) => ({ at, key: app.target(at.properties['KmsKeyId'], at.stack) }))
      .filter(({ key }) => key && !lets(key, (service) => LOG_SERVICE.test(service)))
      .map(({ at }) => ({
        at,
        location: 'Properties.KmsKeyId',
        message: 'the policy of its key must allow CloudWatch Logs (logs.REGION) to encrypt and decrypt',
      })),
    // S3 can't deliver access logs to a bucket with a KMS key.
    // See https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    ...app
      .resources('AWS::S3::Bucket')
      .filter((at) => {
        const logs = app.target(property(at, 'LoggingConfiguration.DestinationBucketName'), at.stack);
        return logs && property(logs, OTHERS[1].key) !== undefined;
      })
      .map((at) => ({
        at,
        location: 'Properties.LoggingConfiguration',
        message: 'the bucket of access logs must be encrypted with the key of S3, got a KMS key: no log would arrive',
      })),
  ],
};

/** A service acts for all its customers: without a condition, a resource of another account reaches the key through it. */
const keySources: Rule = {
  name: 'key-sources',
  check: (app) =>
    app
      .resources('AWS::KMS::Key')
      .flatMap(keyStatements)
      .filter(({ statement }) => services(statement).length > 0)
      .filter(
        ({ statement }) => !/"(aws:SourceA(ccount|rn)|kms:EncryptionContext:[^"]+)"/.test(text(statement.Condition)),
      )
      .map(({ at, statement }) => ({
        at,
        location: 'Properties.KeyPolicy',
        message: `a statement for ${services(statement).join(', ')} must have a condition on its source, got none`,
      })),
};

export const KEY_RULES: readonly Rule[] = [topicPublishers, keyWriters, keySources];

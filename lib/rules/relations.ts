/** Checks between two resources that are each valid on their own. */
import { SOURCE } from './event-sources';
import { type AppTemplates, listOf, type Located, property, type Rule, ruleOn, when } from './rule';

function hasIngress(app: AppTemplates, value: unknown, at: Located): boolean {
  const group = app.target(value, at.stack);
  return (
    group !== undefined &&
    (listOf(group.properties['SecurityGroupIngress']).length > 0 ||
      app
        .resources('AWS::EC2::SecurityGroupIngress')
        .some(({ properties, stack }) => app.target(properties['GroupId'], stack) === group))
  );
}

/** A rule about what stands anywhere in the properties of any resource. @param problem of what the pattern found */
const anywhere = (
  name: string,
  pattern: RegExp,
  problem: (app: AppTemplates, found: string) => string | undefined,
): Rule => ({
  name,
  check: (app) =>
    app.resources().flatMap((at) =>
      [...JSON.stringify(at.properties).matchAll(pattern)]
        .map(([, found]) => problem(app, found))
        .filter((message) => message !== undefined)
        .map((message) => ({ at, location: 'Properties', message })),
    ),
});

export const RELATION_RULES: readonly Rule[] = [
  /** An event source of a missing topic waits for it without an error. */
  ruleOn('event-source-topic', SOURCE, (at, app) => {
    const cluster = app.target(at.properties['EventSourceArn'], at.stack);
    if (cluster?.resource.Type !== 'AWS::MSK::Cluster') return [];
    const names = app
      .resources('AWS::MSK::Topic')
      .filter((topic) => app.target(topic.properties['ClusterArn'], topic.stack) === cluster)
      .map((topic) => String(topic.properties['TopicName']));
    return listOf(at.properties['Topics'])
      .filter((name) => typeof name === 'string' && !names.includes(name))
      .map((name) => [
        'Topics',
        `Topics must be among the topics of the cluster (${names.join(', ')}), got '${String(name)}'`,
      ]);
  }),

  /** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
  ruleOn('event-source-bounds', SOURCE, (at) => {
    const [least, most] = ['MinimumPollers', 'MaximumPollers'].map((key) =>
      Number(property(at, `ProvisionedPollerConfig.${key}`)),
    );
    const age = Number(at.properties['MaximumRecordAgeInSeconds'] ?? -1);
    const { StartingPosition: start, StartingPositionTimestamp: time } = at.properties;
    return [
      ...when(
        least > most,
        'ProvisionedPollerConfig',
        `MinimumPollers must be at most MaximumPollers (${most}), got ${least}`,
      ),
      ...when(
        age !== -1 && age < 60,
        'MaximumRecordAgeInSeconds',
        `MaximumRecordAgeInSeconds must be -1 or from 60 to 604800, got ${age}`,
      ),
      ...when(
        (start === 'AT_TIMESTAMP') !== (time !== undefined),
        'StartingPosition',
        `StartingPosition must be AT_TIMESTAMP where StartingPositionTimestamp is set, and nowhere else, got ${String(start)}`,
      ),
    ];
  }),

  /** An endpoint without ingress shows only when the first function waits for it until its timeout. */
  ruleOn('endpoint-ingress', 'AWS::EC2::VPCEndpoint', (at, app) =>
    when(
      at.properties['VpcEndpointType'] === 'Interface' &&
        !listOf(at.properties['SecurityGroupIds']).some((group) => hasIngress(app, group, at)),
      'SecurityGroupIds',
      'an interface endpoint must have a security group with ingress',
    ),
  ),

  /** A native module of the wrong architecture fails when it is loaded. */
  ruleOn('layer-architecture', 'AWS::Lambda::Function', (at, app) => {
    const [architecture = 'x86_64'] = listOf(at.properties['Architectures']);
    return listOf(at.properties['Layers'])
      .map((layer) => listOf(app.target(layer, at.stack)?.properties['CompatibleArchitectures']))
      .filter((fits) => fits.length > 0 && !fits.includes(architecture))
      .map((fits) => [
        'Architectures',
        `Architectures must be that of the layer (${fits.join(', ')}), got ${String(architecture)}`,
      ]);
  }),

  /** @see https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-s3-bucket.html */
  ruleOn('airflow-bucket', 'AWS::MWAA::Environment', (at, app) => {
    const bucket = app.target(at.properties['SourceBucketArn'], at.stack);
    const versioned = !bucket || property(bucket, 'VersioningConfiguration.Status') === 'Enabled';
    return when(!versioned, 'SourceBucketArn', 'the bucket of an Airflow environment must be versioned');
  }),

  /** CloudFormation resolves exports of other stacks by name, at deployment. */
  anywhere('stack-exports', /"Fn::ImportValue":"([^"]+)"/g, (app, name) =>
    app.exported(name) ? undefined : `a stack of this app must export ${name}, got none`,
  ),

  /** `Fn::GetStackOutput` leaves an old value in the stack that reads it. @see docs/adr/0030-references-are-exports.md */
  anywhere(
    'no-weak-reference',
    /"(Fn::GetStackOutput)"/g,
    (_, name) => `must import an export of the other stack, got ${name}`,
  ),
];

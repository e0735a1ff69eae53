/** Checks between two resources that are each valid on their own. */
import { type AppTemplates, type Finding, listOf, type Located, property, type Rule } from './rule';

const SOURCE = 'AWS::Lambda::EventSourceMapping';

/** An event source of a missing topic waits for it without an error. */
const eventSourceTopic: Rule = {
  name: 'event-source-topic',
  check: (app) =>
    app.resources(SOURCE).flatMap((at) => {
      const cluster = app.target(at.properties['EventSourceArn'], at.stack);
      if (cluster?.resource.Type !== 'AWS::MSK::Cluster') {
        return [];
      }
      const names = app
        .resources('AWS::MSK::Topic')
        .filter((topic) => app.target(topic.properties['ClusterArn'], topic.stack) === cluster)
        .map((topic) => String(topic.properties['TopicName']));
      return listOf(at.properties['Topics'])
        .filter((name) => typeof name === 'string' && !names.includes(name))
        .map((name) => ({
          at,
          location: 'Properties.Topics',
          message: `Topics must be among the topics of the cluster (${names.join(', ')}), got '${String(name)}'`,
        }));
    }),
};

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html */
const eventSourceBounds: Rule = {
  name: 'event-source-bounds',
  check: (app) =>
    app.resources(SOURCE).flatMap((at) => {
      const findings: Finding[] = [];
      const [least, most] = ['MinimumPollers', 'MaximumPollers'].map((key) =>
        property(at, `ProvisionedPollerConfig.${key}`),
      );
      if (least !== undefined && most !== undefined && Number(least) > Number(most)) {
        findings.push({
          at,
          location: 'Properties.ProvisionedPollerConfig',
          message: `MinimumPollers must be at most MaximumPollers (${Number(most)}), got ${Number(least)}`,
        });
      }
      const age = at.properties['MaximumRecordAgeInSeconds'];
      if (age !== undefined && Number(age) !== -1 && Number(age) < 60) {
        findings.push({
          at,
          location: 'Properties.MaximumRecordAgeInSeconds',
          message: `MaximumRecordAgeInSeconds must be -1 or from 60 to 604800, got ${Number(age)}`,
        });
      }
      const { StartingPosition: start, StartingPositionTimestamp: time } = at.properties;
      if ((start === 'AT_TIMESTAMP') !== (time !== undefined)) {
        findings.push({
          at,
          location: 'Properties.StartingPosition',
          message: `StartingPosition must be AT_TIMESTAMP where StartingPositionTimestamp is set, and nowhere else, got ${String(start)}`,
        });
      }
      return findings;
    }),
};

/** An endpoint without ingress shows only when the first function waits for it until its timeout. */
const endpointIngress: Rule = {
  name: 'endpoint-ingress',
  check: (app) =>
    app
      .resources('AWS::EC2::VPCEndpoint')
      .filter(({ properties }) => properties['VpcEndpointType'] === 'Interface')
      .filter((at) => !listOf(at.properties['SecurityGroupIds']).some((group) => hasIngress(app, group, at)))
      .map((at) => ({
        at,
        location: 'Properties.SecurityGroupIds',
        message: 'an interface endpoint must have a security group with ingress',
      })),
};

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

/** A native module of the wrong architecture fails when it is loaded. */
const layerArchitecture: Rule = {
  name: 'layer-architecture',
  check: (app) =>
    app.resources('AWS::Lambda::Function').flatMap((at) => {
      const [architecture = 'x86_64'] = listOf(at.properties['Architectures']);
      return listOf(at.properties['Layers'])
        .map((layer) => app.target(layer, at.stack))
        .map((layer) => listOf(layer?.properties['CompatibleArchitectures']))
        .filter((fits) => fits.length > 0 && !fits.includes(architecture))
        .map((fits) => ({
          at,
          location: 'Properties.Architectures',
          message: `Architectures must be that of the layer (${fits.join(', ')}), got ${String(architecture)}`,
        }));
    }),
};

/** @see https://docs.aws.amazon.com/mwaa/latest/userguide/mwaa-s3-bucket.html */
const airflowBucket: Rule = {
  name: 'airflow-bucket',
  check: (app) =>
    app
      .resources('AWS::MWAA::Environment')
      .map((at) => ({ at, bucket: app.target(at.properties['SourceBucketArn'], at.stack) }))
      .filter(({ bucket }) => bucket && property(bucket, 'VersioningConfiguration.Status') !== 'Enabled')
      .map(({ at }) => ({
        at,
        location: 'Properties.SourceBucketArn',
        message: 'the bucket of an Airflow environment must be versioned',
      })),
};

/** CloudFormation resolves exports of other stacks by name, at deployment. */
const stackExports: Rule = {
  name: 'stack-exports',
  check: (app) =>
    app.resources().flatMap((at) =>
      [...JSON.stringify(at.properties).matchAll(/"Fn::ImportValue":"([^"]+)"/g)]
        .map(([, name]) => name)
        .filter((name) => app.exported(name) === undefined)
        .map((name) => ({ at, location: 'Properties', message: `a stack of this app must export ${name}, got none` })),
    ),
};

/** `Fn::GetStackOutput` leaves an old value in the stack that reads it. @see docs/adr/0030-references-are-exports.md */
const noWeakReference: Rule = {
  name: 'no-weak-reference',
  check: (app) =>
    app
      .resources()
      .filter((at) => JSON.stringify(at.properties).includes('"Fn::GetStackOutput"'))
      .map((at) => ({
        at,
        location: 'Properties',
        message: 'must import an export of the other stack, got Fn::GetStackOutput',
      })),
};

export const RELATION_RULES: readonly Rule[] = [
  eventSourceTopic,
  eventSourceBounds,
  endpointIngress,
  layerArchitecture,
  airflowBucket,
  stackExports,
  noWeakReference,
];

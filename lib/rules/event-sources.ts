/** Event sources on Kafka: settings that CloudFormation accepts but that do not work. */
import { type AppTemplates, type Finding, type Located, type Rule } from './rule';

const SOURCE = 'AWS::Lambda::EventSourceMapping';

/** Longest timeout, in seconds, of a function with a Kafka event source. */
const MAX_TIMEOUT = 14 * 60;

/** Settings for failed batches that a Kafka source has in provisioned mode only. */
const RETRY_CONTROLS = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
];

/** Sources of MSK and of other clusters. */
export const kafkaSources = (app: AppTemplates) =>
  app
    .resources(SOURCE)
    .filter(
      ({ properties }) =>
        'AmazonManagedKafkaEventSourceConfig' in properties || 'SelfManagedKafkaEventSourceConfig' in properties,
    );

/** @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
const eventSourcePollers: Rule = {
  name: 'event-source-pollers',
  check: (app) =>
    kafkaSources(app)
      .filter(({ properties }) => !('ProvisionedPollerConfig' in properties))
      .flatMap((at) =>
        RETRY_CONTROLS.filter((name) => name in at.properties).map((name) => ({
          at,
          location: `Properties.${name}`,
          message: `${name} of a Kafka source works with ProvisionedPollerConfig only, which is missing`,
        })),
      ),
};

/** A disabled source, or one whose function has no concurrency, stops without an error; one that starts late leaves a gap. */
const eventSourceWhole: Rule = {
  name: 'event-source-whole',
  check: (app) =>
    kafkaSources(app).flatMap((at) => {
      const { StartingPosition: start, Enabled: enabled, FunctionName: name } = at.properties;
      const fn = app.target(name, at.stack);
      const findings: Finding[] = [];
      const find = (where: Located, key: string, message: string) =>
        findings.push({ at: where, location: `Properties.${key}`, message });
      if (start === 'LATEST') {
        find(at, 'StartingPosition', 'StartingPosition must not be LATEST: older records are lost');
      }
      if (String(enabled) === 'false') {
        find(at, 'Enabled', 'Enabled must be true, got false: nothing is read, and Kafka deletes old records');
      }
      if (fn && Number(fn.properties['ReservedConcurrentExecutions'] ?? 1) === 0) {
        const key = 'ReservedConcurrentExecutions';
        find(fn, key, `${key} of a function with a Kafka source must be at least 1, got 0`);
      }
      return findings;
    }),
};

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
const eventSourceTimeout: Rule = {
  name: 'event-source-timeout',
  check: (app) =>
    kafkaSources(app)
      .map((source) => app.target(source.properties['FunctionName'], source.stack))
      .filter((fn) => fn !== undefined)
      .filter(({ properties }) => Number(properties['Timeout']) > MAX_TIMEOUT)
      .map((at) => ({
        at,
        location: 'Properties.Timeout',
        message: `Timeout of a function with a Kafka source must be at most ${MAX_TIMEOUT} s, got ${String(at.properties['Timeout'])}`,
      })),
};

/** @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const POLLER_BYTES = 5_000_000;
/** Values are in base64. */
const EVENT_FACTOR = 4 / 3;

/** Pollers that can't read what is written fall behind until Kafka deletes it. */
const eventSourceThroughput: Rule = {
  name: 'event-source-throughput',
  check: (app, { postsPerSecond, postBytes }) => {
    const least = Math.ceil((postsPerSecond * postBytes * EVENT_FACTOR) / POLLER_BYTES);
    return kafkaSources(app).flatMap((at): Finding[] => {
      const { MaximumPollers: most } = (at.properties['ProvisionedPollerConfig'] ?? {}) as { MaximumPollers?: unknown };
      if (most === undefined || Number(most) >= least) return [];
      const message = `MaximumPollers must be at least ${least} for ${postsPerSecond} posts a second, got ${String(most)}`;
      return [{ at, location: 'Properties.ProvisionedPollerConfig.MaximumPollers', message }];
    });
  },
};

export const EVENT_SOURCE_RULES: readonly Rule[] = [
  eventSourcePollers,
  eventSourceWhole,
  eventSourceTimeout,
  eventSourceThroughput,
];

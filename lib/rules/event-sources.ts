/** Event sources on Kafka: settings that CloudFormation accepts but that do not work. */
import { type AppTemplates, type Located, property, type Rule, ruleOn, when } from './rule';

export const SOURCE = 'AWS::Lambda::EventSourceMapping';

/** Longest timeout, in seconds, of a function with a Kafka event source. */
const MAX_TIMEOUT = 14 * 60;

/** Settings for failed batches that a Kafka source has in provisioned mode only. */
const RETRY_CONTROLS = [
  'MaximumRetryAttempts',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'FunctionResponseTypes',
];

/** @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html */
const POLLER_BYTES = 5_000_000;
/** Values are in base64. */
const EVENT_FACTOR = 4 / 3;

/** A source of MSK or of another cluster. */
const isKafka = ({ properties }: Located) =>
  'AmazonManagedKafkaEventSourceConfig' in properties || 'SelfManagedKafkaEventSourceConfig' in properties;

export const kafkaSources = (app: AppTemplates) => app.resources(SOURCE).filter(isKafka);

const onKafkaSources = (name: string, problems: Parameters<typeof ruleOn>[2]): Rule =>
  ruleOn(name, SOURCE, (at, app, config) => (isKafka(at) ? problems(at, app, config) : []));

export const EVENT_SOURCE_RULES: readonly Rule[] = [
  /** @see https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html */
  onKafkaSources('event-source-pollers', ({ properties }) =>
    RETRY_CONTROLS.filter((name) => name in properties && !('ProvisionedPollerConfig' in properties)).map((name) => [
      name,
      `${name} of a Kafka source works with ProvisionedPollerConfig only, which is missing`,
    ]),
  ),

  /** A disabled source, or one whose function has no concurrency, stops without an error; one that starts late leaves a gap. */
  onKafkaSources('event-source-whole', (at, app) => {
    const { StartingPosition: start, Enabled: enabled, FunctionName: name } = at.properties;
    const fn = app.target(name, at.stack);
    const key = 'ReservedConcurrentExecutions';
    return [
      ...when(start === 'LATEST', 'StartingPosition', 'StartingPosition must not be LATEST: older records are lost'),
      ...when(
        String(enabled) === 'false',
        'Enabled',
        'Enabled must be true, got false: nothing is read, and Kafka deletes old records',
      ),
      ...when(
        fn !== undefined && Number(fn.properties[key] ?? 1) === 0,
        key,
        `${key} of a function with a Kafka source must be at least 1, got 0`,
        fn,
      ),
    ];
  }),

  /** @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
  onKafkaSources('event-source-timeout', (source, app) => {
    const fn = app.target(source.properties['FunctionName'], source.stack);
    const timeout = fn?.properties['Timeout'];
    const message = `Timeout of a function with a Kafka source must be at most ${MAX_TIMEOUT} s, got ${String(timeout)}`;
    return when(Number(timeout) > MAX_TIMEOUT, 'Timeout', message, fn);
  }),

  /** Pollers that can't read what is written fall behind until Kafka deletes it. */
  onKafkaSources('event-source-throughput', (at, _, { postsPerSecond, postBytes }) => {
    const least = Math.ceil((postsPerSecond * postBytes * EVENT_FACTOR) / POLLER_BYTES);
    const key = 'ProvisionedPollerConfig.MaximumPollers';
    const most = property(at, key);
    const message = `MaximumPollers must be at least ${least} for ${postsPerSecond} posts a second, got ${String(most)}`;
    return when(Number(most) < least, key, message);
  }),
];

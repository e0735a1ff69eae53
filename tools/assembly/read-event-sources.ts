import { type Found, number, rejectSet, type Resources, text } from './found';
import { type EventSourcePlan } from './local-plan';

/** These change which records a function of AWS gets, and when; the local poller ignores them. */
const NOT_IMPLEMENTED = [
  'FilterCriteria',
  'FunctionResponseTypes',
  'SourceAccessConfigurations',
  'StartingPositionTimestamp',
  'SelfManagedEventSource',
  'DestinationConfig',
];

export function readEventSources(all: Resources): EventSourcePlan[] {
  const functions = all.ofType('AWS::Lambda::Function');
  return all.ofType('AWS::Lambda::EventSourceMapping').map((found) => readEventSource(found, functions));
}

function readEventSource(found: Found, functions: readonly Found[]): EventSourcePlan {
  rejectSet(found, NOT_IMPLEMENTED);
  rejectGivingUp(found);
  const startingPosition = text(found, 'StartingPosition');
  if (startingPosition !== 'TRIM_HORIZON' && startingPosition !== 'LATEST') {
    throw new Error(`${found.path}: StartingPosition must be TRIM_HORIZON or LATEST, got '${startingPosition}'`);
  }
  const kafka = (found.property('AmazonManagedKafkaEventSourceConfig') ?? {}) as Record<string, unknown>;
  if (kafka.SchemaRegistryConfig !== undefined) {
    throw new Error(`${found.path}: the local run does not implement SchemaRegistryConfig`);
  }
  const pollers = (found.property('ProvisionedPollerConfig') ?? {}) as { MaximumPollers?: unknown };
  return {
    path: found.path,
    logicalId: found.logicalId,
    functionName: functionOf(found, functions),
    clusterArn: text(found, 'EventSourceArn'),
    topics: (found.property('Topics') ?? []) as string[],
    // Lambda generates a UUID; this name shows whose group it is.
    consumerGroup: String(kafka.ConsumerGroupId ?? `lambda-${found.logicalId}`),
    enabled: String(found.property('Enabled') ?? 'true') === 'true',
    startingPosition,
    // Lambda's own defaults for Kafka.
    batchSize: number(found, 'BatchSize', 100),
    windowSeconds: number(found, 'MaximumBatchingWindowInSeconds', 0.5),
    ...(pollers.MaximumPollers === undefined ? {} : { maximumPollers: Number(pollers.MaximumPollers) }),
  };
}

/** The pipeline skips nothing: a batch is retried unchanged until it succeeds. */
function rejectGivingUp(found: Found): void {
  for (const property of ['MaximumRetryAttempts', 'MaximumRecordAgeInSeconds']) {
    if (number(found, property, -1) !== -1) {
      throw new Error(`${found.path}: the local run never skips a batch, ${property} must be -1`);
    }
  }
  if (String(found.property('BisectBatchOnFunctionError') ?? 'false') !== 'false') {
    throw new Error(`${found.path}: the local run does not implement BisectBatchOnFunctionError`);
  }
}

/** A mapping may name its function by name or by ARN. */
function functionOf(found: Found, functions: readonly Found[]): string {
  const named = text(found, 'FunctionName');
  const target = functions.find((candidate) => candidate.ref() === named || candidate.attribute('Arn') === named);
  if (!target) throw new Error(`${found.path}: FunctionName '${named}' is not a function of the assembly`);
  return target.ref();
}

import { synthesize, type Templates } from '../../support/synth';
import { resource, resources } from '../../support/templates';

let dev: Templates;
beforeAll(() => {
  dev = synthesize({ stage: 'dev' });
}, 60_000);

describe('event sources', () => {
  test.each([
    ['Archive', 'pinterest-dev-archive', 30],
    ['Aggregate', 'pinterest-dev-aggregate', 5],
  ])('%s reads the topic from its start, in order, and retries until it succeeds', (step, group, window) => {
    expect(resource(dev.processing, 'AWS::Lambda::EventSourceMapping', `Steps${step}Posts`)).toMatchObject({
      Properties: {
        Topics: ['posts'],
        StartingPosition: 'TRIM_HORIZON',
        AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: group },
        BatchSize: 5_000,
        MaximumBatchingWindowInSeconds: window,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
      },
      // Without the permissions, the source starts in an error state.
      DependsOn: expect.arrayContaining([expect.stringMatching(new RegExp(`^Steps${step}RoleDefaultPolicy`))]),
    });
  });

  test('both share one group of provisioned pollers, no more than there are partitions', () => {
    const pollers = Object.values(resources(dev.processing, 'AWS::Lambda::EventSourceMapping')).map(
      ({ Properties }) => Properties.ProvisionedPollerConfig as Record<string, unknown>,
    );
    expect(pollers).toHaveLength(2);
    expect(pollers[0]).toEqual({
      MinimumPollers: 1,
      MaximumPollers: 6,
      PollerGroupName: expect.stringMatching(/^pinterestdevstorageKafka/),
    });
    expect(pollers[1]).toEqual(pollers[0]);
  });
});

import { FUNCTION, SOURCE, set, type Mutations } from './mutation';

export const EVENT_SOURCES: Mutations = [
  ['batches that are too large', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'BatchSize', 20000)],
  ['a window that is too long', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'MaximumBatchingWindowInSeconds', 400)],
  [
    'one consumer group for two functions',
    'unique-names at StepsAggregatePosts',
    (d) =>
      d
        .all(SOURCE)
        .forEach(
          ([, x]) =>
            ((x.Properties.AmazonManagedKafkaEventSourceConfig as { ConsumerGroupId: string }).ConsumerGroupId = 'g'),
        ),
  ],
  ['a topic that does not exist', 'event-source-topic at StepsArchivePosts', set(SOURCE, '', 'Topics', ['post'])],
  [
    'two topics in a source',
    'F3032 at StepsArchivePosts, event-source-topic at StepsArchivePosts',
    set(SOURCE, '', 'Topics', ['posts', 'controlRecords']),
  ],
  [
    'a minimum over the maximum',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'ProvisionedPollerConfig', { MinimumPollers: 10, MaximumPollers: 2 }),
  ],
  [
    'too many pollers',
    'EVENT_SOURCE_POLLERS at StepsArchivePosts',
    set(SOURCE, '', 'ProvisionedPollerConfig', { MinimumPollers: 1, MaximumPollers: 3000 }),
  ],
  [
    'a start at a timestamp that is missing',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'StartingPosition', 'AT_TIMESTAMP'),
  ],
  [
    'a source that starts at the newest record',
    'event-source-whole at StepsArchivePosts',
    set(SOURCE, '', 'StartingPosition', 'LATEST'),
  ],
  ['a disabled source', 'event-source-whole at StepsArchivePosts', set(SOURCE, '', 'Enabled', false)],
  [
    'a function with a source and no concurrency',
    'event-source-whole at StepsArchiveFunction',
    set(FUNCTION, 'StepsArchive', 'ReservedConcurrentExecutions', 0),
  ],
  [
    'a source that bisects batches, without provisioned pollers',
    'event-source-pollers at StepsArchivePosts',
    (d) => {
      for (const name of ['ProvisionedPollerConfig', 'MaximumRetryAttempts', 'MaximumRecordAgeInSeconds']) {
        d.set(SOURCE, 'StepsArchive', name, undefined);
      }
      d.set(SOURCE, 'StepsArchive', 'BisectBatchOnFunctionError', true);
    },
  ],
  ['too many retries', 'F3034 at StepsArchivePosts', set(SOURCE, '', 'MaximumRetryAttempts', 20000)],
  [
    'a maximum record age of 5 seconds',
    'event-source-bounds at StepsArchivePosts',
    set(SOURCE, '', 'MaximumRecordAgeInSeconds', 5),
  ],
];

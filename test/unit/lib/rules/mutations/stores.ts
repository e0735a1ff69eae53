import { BUCKET, ROWS, set, type Mutations } from './mutation';

export const STORES: Mutations = [
  [
    'the order ASCENDING',
    'W3030 at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'ClusteringKeyColumns.0.OrderBy', 'ASCENDING'),
  ],
  [
    'a clustering key of type integer',
    'KEYSPACES_CLUSTERING at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'ClusteringKeyColumns.0.Column.ColumnType', 'integer'),
  ],
  [
    'an encryption that does not exist',
    'W3030 at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'EncryptionSpecification.EncryptionType', 'AES'),
  ],
  [
    'a negative time to live',
    'F3034 at ViewsSpeedLog, speed-ttl at ViewsSpeedLog, speed-covers-outage at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'DefaultTimeToLive', -1),
  ],
  [
    'a time to live under the length of an outage',
    'speed-covers-outage at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'DefaultTimeToLive', 48 * 3_600),
  ],
  [
    'a time to live over 20 years',
    'KEYSPACES_TTL at ViewsSpeedLog',
    set(ROWS, 'ViewsSpeedLog', 'DefaultTimeToLive', 700000000),
  ],
  [
    'a type that Hive lacks',
    'GLUE_TABLE at LakePosts',
    set('AWS::Glue::Table', '', 'TableInput.StorageDescriptor.Columns.0.Type', 'strng'),
  ],
  [
    'a table of Glue without name',
    'GLUE_TABLE at LakePosts',
    set('AWS::Glue::Table', '', 'TableInput.Name', undefined),
  ],
  [
    'a storage class that does not exist',
    'W3030 at LakeBucket, transition-size at LakeBucket',
    set('AWS::S3::Bucket', 'LakeBucket', 'LifecycleConfiguration.Rules.0.Transitions', [
      { StorageClass: 'GLACIER_INSTANT', TransitionInDays: 90 },
    ]),
  ],
  [
    'capitals in the name of a bucket',
    'F3031 at LakeBucket',
    set('AWS::S3::Bucket', 'LakeBucket', 'BucketName', 'My_Bucket'),
  ],
  [
    'a bucket that may be public',
    'S3_CLOSED at LakeBucket',
    set('AWS::S3::Bucket', 'LakeBucket', 'PublicAccessBlockConfiguration', undefined),
  ],
  [
    'a lake that expires',
    'S3_RETAINED at LakeBucket',
    (d) => {
      const { Rules } = d.find(BUCKET, 'LakeBucket').Properties.LifecycleConfiguration as { Rules: object[] };
      Rules.push({ Id: 'expire', Status: 'Enabled', ExpirationInDays: 365 });
    },
  ],
  [
    'batch rows that expire',
    'KEYSPACES_RETAINED at ViewsBatchViews',
    set(ROWS, 'ViewsBatch', 'DefaultTimeToLive', 630_720_000),
  ],
];

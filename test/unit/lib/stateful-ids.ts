/**
 * Resources that hold data, by stack, logical id and type. test/unit/lib/stateful-ids.test.ts compares the templates with this
 * list. A new resource needs a new entry. An entry that changes or disappears is a resource that is replaced or lost.
 */
export const STATEFUL_IDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  storage: {
    KafkaCluster7185C948: 'AWS::MSK::Cluster',
    KafkaConfiguration2E1CE142: 'AWS::MSK::Configuration',
    KafkaPosts3CCAA28F: 'AWS::MSK::Topic',
    LakeAccessLogs4431AB8D: 'AWS::S3::Bucket',
    LakeBucketB1D32E10: 'AWS::S3::Bucket',
    LakeDatabase161E1CC7: 'AWS::Glue::Database',
    LakePostsCD1D4E0E: 'AWS::Glue::Table',
    ViewsBatchRuns7A27D36D: 'AWS::Cassandra::Table',
    ViewsBatchViewsB100A271: 'AWS::Cassandra::Table',
    ViewsBoundary4BE6551A: 'AWS::Cassandra::Table',
    ViewsKeyspace88D6D427: 'AWS::Cassandra::Keyspace',
    ViewsSpeedHead99E2C8D4: 'AWS::Cassandra::Table',
    ViewsSpeedLogB36AD9E6: 'AWS::Cassandra::Table',
    ViewsSpeedPosts7C176E79: 'AWS::Cassandra::Table',
    ViewsSpeedRunsCF514E84: 'AWS::Cassandra::Table',
    ViewsUnreferencedRuns82CF6B6C: 'AWS::Cassandra::Table',
  },
};

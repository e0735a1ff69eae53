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
    ViewsSpeedState7C7BE5E2: 'AWS::Cassandra::Table',
    ViewsSpeedViews958A30DD: 'AWS::Cassandra::Table',
    ViewsUnreferencedRuns82CF6B6C: 'AWS::Cassandra::Table',
  },
};

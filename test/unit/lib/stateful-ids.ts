/**
 * What holds data, by stack, logical id and type: the list that test/unit/lib/stateful-ids.test.ts holds the templates against. An
 * entry is added when a resource is; one that changes or goes is a resource that is replaced or lost.
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
    ViewsBatchViewsB100A271: 'AWS::Cassandra::Table',
    ViewsBoundary4BE6551A: 'AWS::Cassandra::Table',
    ViewsKeyspace88D6D427: 'AWS::Cassandra::Keyspace',
    ViewsSpeedState7C7BE5E2: 'AWS::Cassandra::Table',
    ViewsSpeedViews958A30DD: 'AWS::Cassandra::Table',
  },
};

import { cassandraYaml } from '../../../../tools/engines/cassandra-config';
import { awsConnection } from '../../../../tools/engines/airflow';
import { serverProperties } from '../../../../tools/engines/kafka-config';
import { sparkDefaults } from '../../../../tools/engines/spark';

const properties = (text: string) =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/[= ](.*)/s).slice(0, 2) as [string, string]),
  );

describe('the broker', () => {
  const quorum = { clusterId: 'c', voters: { 1: 3, 9: 4 } };
  const listeners = { sasl: 1, plain: 2 };
  const of = (id: number, asBroker = true) =>
    properties(serverProperties({ id, quorum, data: '/data', ...(asBroker ? { listeners } : {}) }));
  const config = of(1);

  it('never creates topics automatically, so that a wrong name fails as on MSK', () => {
    expect(config.get('auto.create.topics.enable')).toBe('false');
  });

  it('listens on the loopback address only', () => {
    expect(config.get('listeners')).toBe('SASL://127.0.0.1:1,PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:3');
  });

  it.each([
    ['that is a voter of the quorum is a controller as well', of(1), 'broker,controller', config.get('listeners')],
    ['that is not a voter is only a broker', of(2), 'broker', 'SASL://127.0.0.1:1,PLAINTEXT://127.0.0.1:2'],
    ['has nodes beside it that are only controllers', of(9, false), 'controller', 'CONTROLLER://127.0.0.1:4'],
  ])('%s', (_, node, roles, at) => {
    expect(node.get('process.roles')).toBe(roles);
    expect(node.get('listeners')).toBe(at);
    expect(node.get('controller.quorum.voters')).toBe('1@127.0.0.1:3,9@127.0.0.1:4');
  });
});

describe('Cassandra', () => {
  const yaml = cassandraYaml('/run', { native: 1, storage: 2 }, true);

  it.each([
    'authenticator: PasswordAuthenticator',
    'secondary_indexes_enabled: false',
    'group_by_enabled: false',
    'allow_filtering_enabled: false',
    'partition_keys_in_select_fail_threshold: 100',
    'paxos_variant: v2',
    'commitlog_sync: batch',
    'rpc_address: 127.0.0.1',
  ])('has %s', (line) => {
    expect(yaml.split('\n')).toContain(line);
  });
});

describe("Airflow's connection to AWS", () => {
  it('sends each service to its own endpoint', () => {
    expect(JSON.parse(awsConnection('eu-west-1', { lambda: 'http://a', 'emr-serverless': 'http://b' }))).toMatchObject({
      conn_type: 'aws',
      extra: {
        region_name: 'eu-west-1',
        service_config: { lambda: { endpoint_url: 'http://a' }, 'emr-serverless': { endpoint_url: 'http://b' } },
      },
    });
  });
});

describe("Spark's defaults", () => {
  const config = properties(sparkDefaults('http://127.0.0.1:9', '/work', ['-XX:+UseSerialGC', '-Da=b']));

  it('let s3:// reach the local S3 through S3A', () => {
    expect(config.get('spark.hadoop.fs.s3.impl')).toBe('org.apache.hadoop.fs.s3a.S3AFileSystem');
    expect(config.get('spark.hadoop.fs.s3a.endpoint')).toBe('http://127.0.0.1:9');
  });

  it('pass all options to the JVM', () => {
    expect(config.get('spark.driver.extraJavaOptions')).toBe('-XX:+UseSerialGC -Da=b');
  });

  it('count days in UTC', () => {
    expect(config.get('spark.sql.session.timeZone')).toBe('UTC');
  });
});

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEASURED } from '../../../../tools/cost/measured';
import {
  CONFIG_KEYS,
  ConfigError,
  deploymentConfig,
  loadConfig,
  overridesIn,
  STAGE_FILES,
  STAGES,
} from '../../../../lib/config';
import { temporaryFolder } from '../../../support/temporary';

/** The one line with which a configuration is rejected. */
function rejection(
  overrides: Record<string, unknown>,
  load: (overrides: Record<string, unknown>) => unknown = loadConfig,
) {
  try {
    load(overrides);
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message;
    }
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('the stages', () => {
  test.each(STAGES)('%s is valid without overrides', (stage) => {
    expect(loadConfig({ stage }).stage).toBe(stage);
  });

  test('prod retains its data, spreads over three zones and survives the loss of one', () => {
    expect(loadConfig({ stage: 'prod' })).toMatchObject({
      removal: 'retain',
      availabilityZones: 3,
      brokers: 3,
      replicationFactor: 3,
      minInsyncReplicas: 2,
      auth: 'iam',
      kafkaAuth: 'iam',
    });
  });

  test('lean retains its data, and has less than dev of what AWS bills by the hour and by the write', () => {
    const lean = loadConfig({ stage: 'lean' });
    const dev = loadConfig({ stage: 'dev' });
    expect(lean).toMatchObject({ removal: 'retain', auth: 'iam', kafkaAuth: 'iam', brokerInstance: 'kafka.t3.small' });
    expect(lean.partitions).toBeLessThan(dev.partitions);
    expect(lean.orchestrator).toBe('mwaa-serverless');
    for (const key of ['archiveWindowSeconds', 'aggregateWindowSeconds'] as const) {
      expect(lean[key]).toBeGreaterThan(dev[key]);
    }
  });

  test('a broker of lean has room for the records that it must retain at 100 posts a second', () => {
    const { retentionDays, replicationFactor, brokers, brokerVolumeGb } = loadConfig({ stage: 'lean' });
    const gb = (100 * 86_400 * retentionDays * MEASURED.postBytes * replicationFactor) / brokers / 1e9;
    expect(gb).toBeLessThan(0.7 * brokerVolumeGb);
  });

  test('Spark computes the views of large intervals in prod, and DuckDB all others', () => {
    const engines = STAGES.map((stage) => [stage, loadConfig({ stage }).viewsEngine]);
    expect(Object.fromEntries(engines)).toEqual({ dev: 'duckdb', lean: 'duckdb', prod: 'auto', local: 'duckdb' });
    expect(() => loadConfig({ viewsEngine: 'flink' })).toThrow(
      "viewsEngine must be one of spark, duckdb, auto, got 'flink'",
    );
  });

  test('NAT gateways exist only with an Airflow environment', () => {
    expect(loadConfig({ stage: 'lean' }).natGateways).toBe(0);
    expect(loadConfig({ stage: 'lean', orchestrator: 'mwaa' }).natGateways).toBe(1);
    expect(loadConfig({ stage: 'prod', orchestrator: 'none' }).natGateways).toBe(0);
  });

  test('local fits one broker, short intervals and a disposable machine', () => {
    const local = loadConfig({ stage: 'local' }, 'x86_64');
    expect(local).toMatchObject({
      architecture: 'x86_64',
      intervalMinutes: 1,
      partitions: 3,
      replicationFactor: 1,
      auth: 'open',
      kafkaAuth: 'unsecured',
      speedHorizonIntervals: 60,
      speedTtlHours: 24,
      removal: 'destroy',
    });
    expect(local.archiveWindowSeconds).toBeLessThanOrEqual(1);
    expect(local.aggregateWindowSeconds).toBeLessThanOrEqual(1);
  });

  test('only local uses the architecture of the host, and an override has priority', () => {
    expect(loadConfig({ stage: 'local' }, 'x86_64').architecture).toBe('x86_64');
    expect(loadConfig({ stage: 'prod' }, 'x86_64').architecture).toBe('arm64');
    expect(loadConfig({ stage: 'local', architecture: 'arm64' }, 'x86_64').architecture).toBe('arm64');
  });

  test('a configuration is frozen after validation', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });
});

describe('overrides', () => {
  test('text from the command line becomes typed', () => {
    expect(loadConfig({ partitions: '12', deferrable: 'false', auth: 'open' })).toMatchObject({
      partitions: 12,
      deferrable: false,
      auth: 'open',
    });
  });

  test('typed values, as in cdk.json, are accepted too', () => {
    expect(loadConfig({ partitions: 12, deferrable: false })).toMatchObject({ partitions: 12, deferrable: false });
    expect(loadConfig({ account: 123456789012 }).account).toBe('123456789012');
  });

  test.each(['eu-central-1', 'us-gov-west-1', 'ap-southeast-7'])('region %s is accepted', (region) => {
    expect(loadConfig({ region })).toMatchObject({ region });
  });

  test("CDK's own context is not configuration", () => {
    expect(
      overridesIn({
        '@aws-cdk/core:target-partitions': ['aws'],
        'aws:cdk:bundling-stacks': [],
        'aws-cdk:enableDiffNoFail': 'true',
        'availability-zones:account=1:region=x': [],
        'acknowledged-issue-numbers': [34892],
        'cli-telemetry': false,
        'cdk-migrate': true,
        partitions: '3',
        partition: '3',
      }),
    ).toEqual({ partitions: '3', partition: '3' });
  });
});

describe('a deployment', () => {
  const written = (text: string) => {
    const folder = temporaryFolder('stages');
    writeFileSync(join(folder, 'lean.json'), text);
    return (overrides: Record<string, unknown>) => deploymentConfig(overrides, undefined, folder);
  };

  test('names its stage', () => {
    expect(rejection({ partitions: '3' }, deploymentConfig)).toBe(
      'stage must be one of dev, lean, prod, local, got nothing: name it, for example -c stage=dev',
    );
    expect(rejection({ stage: 'pord' }, deploymentConfig)).toBe(
      "stage must be one of dev, lean, prod, local, got 'pord'",
    );
  });

  test("has its stage's file between the defaults and what is given", () => {
    const deployed = written('{ "region": "eu-central-1", "partitions": 4 }');
    expect(deployed({ stage: 'lean' })).toEqual(loadConfig({ stage: 'lean', region: 'eu-central-1', partitions: 4 }));
    expect(deployed({ stage: 'lean', partitions: '6' })).toMatchObject({ region: 'eu-central-1', partitions: 6 });
    expect(deployed({ stage: 'dev' })).toEqual(loadConfig({ stage: 'dev' }));
  });

  test.each([
    ['{ "partition": 4 }', "stages/lean.json: unknown config key 'partition': allowed are"],
    ['{ "partitions": 0 }', "stages/lean.json: partitions must be an integer from 1 to 1000, got '0'"],
    ['{ "stage": "prod" }', 'stages/lean.json: stage must be left out'],
    ['[]', 'stages/lean.json: must be a JSON object of keys and values'],
    ['{ "partitions": }', 'stages/lean.json: Unexpected token'],
  ])('with the file %s is rejected in one line that names the file', (text, expected) => {
    const message = rejection({ stage: 'lean', partitions: '6' }, written(text));
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });

  test('of each stage that has a file is valid', () => {
    const stages = readdirSync(STAGE_FILES).map((name) => name.replace(/\.json$/, ''));
    expect(stages).toEqual(expect.arrayContaining(['dev', 'lean', 'prod']));
    for (const stage of stages) expect(deploymentConfig({ stage })).toMatchObject({ stage });
  });
});

describe('an invalid value is rejected in one line that names key, value and what is allowed', () => {
  test('an unknown key', () => {
    const message = rejection({ partition: '3' });
    expect(message).toMatch(/^unknown config key 'partition': allowed are stage, project, /);
    for (const key of CONFIG_KEYS) {
      expect(message).toContain(key);
    }
  });

  test.each(['constructor', '__proto__', 'toString'])('a key that every object has: %s', (key) => {
    expect(rejection(JSON.parse(`{"${key}": "1"}`))).toContain(`unknown config key '${key}'`);
  });

  test.each(['frankfurt', 'eu-centrall-1', 'cn-north-1', 'eusc-de-east-1', 'us-iso-east-1'])('region %s', (region) => {
    expect(rejection({ region })).toBe(
      `region must be a region that CDK knows, with endpoints under amazonaws.com, like eu-central-1, got '${region}'`,
    );
  });

  test.each([
    ['stage', 'test', 'stage must be one of dev, lean, prod, local'],
    ['project', 'My-Project', 'project must be 2 to 20 lower-case letters and digits'],
    ['project', 'p'.repeat(21), 'project must be 2 to 20'],
    ['account', '1234', 'account must be 12 digits'],
    ['account', 12345, "account must be 12 digits, got '12345'"],
    ['removal', 'snapshot', 'removal must be one of retain, destroy'],
    ['logRetentionDays', '31', 'logRetentionDays must be one of 1, 3, 5, 7, 14, 30,'],
    ['kms', 'mine', 'kms must be one of aws, customer'],
    ['vpcCidr', '10.42.0.0/24', 'vpcCidr must be a private range that starts on its border, from /16 to /18'],
    ['vpcCidr', '11.0.0.0/16', 'vpcCidr must be a private range'],
    ['vpcCidr', '172.32.0.0/16', 'vpcCidr must be a private range'],
    ['vpcCidr', '10.42.1.0/16', 'vpcCidr must be a private range'],
    ['vpcCidr', '10.42.64.0/17', 'vpcCidr must be a private range'],
    ['vpcCidr', '10.256.0.0/16', 'vpcCidr must be a private range'],
    ['page', 'on', 'page must be true or false'],
    ['architecture', 'arm', 'architecture must be one of arm64, x86_64'],
    ['availabilityZones', '1', 'availabilityZones must be an integer from 2 to 3'],
    ['brokers', '0', 'brokers must be an integer from 2 to 30'],
    ['brokerInstance', 'kafka.t9.small', 'brokerInstance must be a standard broker size: kafka.t3.small'],
    ['brokerInstance', 'express.m7g.large', 'brokerInstance must be a standard broker size'],
    ['partitions', '0', 'partitions must be an integer from 1 to 1000'],
    ['partitions', '1e2', 'partitions must be an integer'],
    ['partitions', '3.5', 'partitions must be an integer'],
    ['partitions', '', 'partitions must be an integer'],
    ['partitions', ' 3', 'partitions must be an integer'],
    ['partitions', Number.NaN, 'partitions must be an integer'],
    ['speedHorizonIntervals', '-1', 'speedHorizonIntervals must be an integer from 0 to 1000'],
    ['retentionDays', '-7', 'retentionDays must be an integer'],
    ['kafkaAuth', 'scram', 'kafkaAuth must be one of iam, unsecured'],
    ['slackChannel', '#alarms', 'slackChannel must be the ID of a Slack channel, like C0123ABCD'],
    ['slackWorkspace', 'acme', 'slackWorkspace must be the ID of a Slack workspace, like T0123ABCD'],
    ['rawRetentionDays', '-1', 'rawRetentionDays must be an integer from 0 to 3650'],
    ['monthlyBudgetUsd', '9.50', 'monthlyBudgetUsd must be an integer from 0 to 1000000'],
    ['auth', 'none', 'auth must be one of iam, jwt, open'],
    ['corsOrigins', 'app.example.com', 'corsOrigins must be * or origins separated by commas'],
    ['corsOrigins', 'https://a.example/', 'corsOrigins must be * or origins separated by commas'],
    ['corsOrigins', 'http://a.example', 'corsOrigins must be * or origins separated by commas'],
    ['corsOrigins', '*,https://a.example', 'corsOrigins must be * or origins separated by commas'],
    ['jwtIssuer', 'http://issuer', 'jwtIssuer must be an https address'],
    [
      'intervalMinutes',
      '7',
      'intervalMinutes must be one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360,',
    ],
    // It divides a day, but cron can express neither "every 90 minutes" nor "every 8 minutes" that restarts each hour.
    ['intervalMinutes', '90', 'intervalMinutes must be one of 1, 2, 3,'],
    ['intervalMinutes', '8', 'intervalMinutes must be one of 1, 2, 3,'],
    ['aggregateWindowSeconds', '301', 'aggregateWindowSeconds must be an integer from 0 to 300'],
    ['batchSize', '10001', 'batchSize must be an integer from 1 to 10000'],
    ['sparkCores', '3', 'sparkCores must be one of 1, 2, 4, 8, 16'],
    ['orchestrator', 'cron', 'orchestrator must be one of mwaa, mwaa-serverless, none'],
    ['brokerMonitoring', 'none', 'brokerMonitoring must be one of DEFAULT, PER_TOPIC_PER_BROKER'],
    ['pollers', '0', 'pollers must be an integer from 1 to 200'],
    ['airflowClass', 'mw1.gigantic', 'airflowClass must be one of mw1.micro, mw1.small'],
    ['airflowWebserver', 'both', 'airflowWebserver must be one of public, private'],
    ['deferrable', 'yes', 'deferrable must be true or false'],
  ])('%s=%s', (key, given, expected) => {
    const message = rejection({ [key]: given });
    expect(message).toContain(expected);
    expect(message).toContain(`, got '${String(given)}'`.slice(0, 60));
    expect(message).not.toContain('\n');
  });

  test('a long value is truncated', () => {
    expect(rejection({ auth: 'x'.repeat(1_000) }).length).toBeLessThan(200);
  });
});

describe('an invalid combination is rejected in one line that names the keys', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['more replicas than brokers', { replicationFactor: 3 }, 'replicationFactor must be at most brokers (2), got 3'],
    [
      'brokers that do not fill the zones',
      { brokers: 3 },
      'brokers must be a multiple of availabilityZones (2), got 3',
    ],
    [
      'dashboards that show metrics which are not reported',
      { stage: 'lean', dashboards: 'all' },
      'metrics must be all where dashboards is all, page is true or grafana is managed, which show more than the alarmed metrics, got alarmed with dashboards all, page false, grafana none',
    ],
    ['a page that shows metrics which are not reported', { stage: 'lean', page: true }, 'page true'],
    [
      'two brokers for three zones',
      { availabilityZones: 3 },
      'brokers must be a multiple of availabilityZones (3), got 2',
    ],
    [
      'more in-sync replicas than replicas',
      { minInsyncReplicas: 3 },
      'minInsyncReplicas must be at most replicationFactor (2), got 3',
    ],
    [
      'prod without a second in-sync replica',
      { stage: 'prod', minInsyncReplicas: 1 },
      'minInsyncReplicas must be from 2 to replicationFactor − 1 (2) in stage prod, got 1',
    ],
    [
      'prod that a single restart stops',
      { stage: 'prod', minInsyncReplicas: 3 },
      'minInsyncReplicas must be from 2 to replicationFactor − 1 (2) in stage prod, got 3',
    ],
    ['more NAT gateways than zones', { natGateways: 3 }, 'natGateways must be at most availabilityZones (2), got 3'],
    [
      'unsigned Kafka tokens in an account',
      { kafkaAuth: 'unsecured' },
      'kafkaAuth must be iam in stage dev, got unsecured (allowed in stage local only)',
    ],
    ['a key for the local run', { stage: 'local', kms: 'customer' }, 'kms must be aws in stage local, got customer'],
    [
      'the class of an environment that does not exist',
      { stage: 'lean', airflowClass: 'mw1.small' },
      'airflowClass must be left out where orchestrator is mwaa-serverless, got mw1.small',
    ],
    [
      'NAT that nobody uses',
      { orchestrator: 'none', natGateways: '1' },
      'natGateways must be left out where orchestrator is none, got 1',
    ],
    [
      'runs of a workflow that overlap',
      { orchestrator: 'mwaa-serverless', intervalMinutes: 10 },
      'intervalMinutes must be at least 15 where orchestrator is mwaa-serverless, got 10',
    ],
    [
      'a workflow that would start Spark for nothing',
      { stage: 'lean', viewsEngine: 'auto' },
      'viewsEngine must be spark or duckdb where orchestrator is mwaa-serverless, got auto',
    ],
    [
      'the local run without the DAG',
      { stage: 'local', orchestrator: 'none' },
      'orchestrator must be mwaa in stage local, got none',
    ],
    ['pollers with nothing to read', { pollers: 7 }, 'pollers must be at most partitions (6), got 7'],
    ['JWT without an issuer', { auth: 'jwt', jwtAudience: 'me' }, 'jwtIssuer must be set where auth is jwt'],
    ['JWT without an audience', { auth: 'jwt', jwtIssuer: 'https://i' }, 'jwtAudience must be set where auth is jwt'],
    ['an issuer that is not used', { jwtIssuer: 'https://i' }, 'jwtIssuer must be left out where auth is not jwt'],
    [
      'speed rows that expire before a late batch layer publishes',
      { speedTtlHours: 5 },
      'speedTtlHours must be at least 4 × (intervalMinutes + publishDelayMinutes) = 6, got 5',
    ],
    [
      'raw objects that expire before a late compaction reads them',
      { rawRetentionDays: 2 },
      'rawRetentionDays must be 0 or at least the days of outageHours and speedTtlHours (3), got 2',
    ],
    [
      'a Slack channel of no workspace',
      { slackChannel: 'C0123ABCD' },
      'slackWorkspace must be set: both slackWorkspace and slackChannel are needed',
    ],
    [
      'an identity horizon shorter than an interval',
      { intervalMinutes: 120, identityHorizonHours: 1 },
      'identityHorizonHours must be at least an interval (120 minutes), got 1',
    ],
    ['Spark that can never start', { sparkMaxVcpu: 2 }, 'sparkMaxVcpu must be at least 2 × sparkCores (4), got 2'],
    [
      'a Spark worker that EMR does not offer',
      { sparkMemoryGb: 32 },
      'sparkMemoryGb must be from 4 to 13 with 2 sparkCores, got 32',
    ],
    ['Spark workers that do not fit', { sparkMaxMemoryGb: 8 }, 'sparkMaxMemoryGb must hold a driver and an executor'],
  ])('%s', (_name, overrides, expected) => {
    const message = rejection(overrides);
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });

  test.each<[string, Record<string, unknown>]>([
    ['as many replicas as brokers', { replicationFactor: 2, brokers: 2 }],
    ['lean with an environment', { stage: 'lean', orchestrator: 'mwaa', airflowClass: 'mw1.small' }],
    ['a network in the upper quarter of a /16', { vpcCidr: '192.168.192.0/18' }],
    ['a TTL at its limit', { speedTtlHours: 6, outageHours: 4 }],
    ['JWT with issuer and audience', { auth: 'jwt', jwtIssuer: 'https://issuer', jwtAudience: 'pipeline' }],
    ['a Spark worker at the upper limit', { sparkMemoryGb: 13 }],
    ['a Spark worker at the lower limit', { sparkMemoryGb: 4 }],
  ])('allowed: %s', (_name, overrides) => {
    expect(() => loadConfig(overrides)).not.toThrow();
  });
});

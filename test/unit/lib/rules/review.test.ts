/** The review of each synth of the app. */
import { App, Validations } from 'aws-cdk-lib';
import { type CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { NagPack } from 'cdk-nag';
import { context } from '../../../../cdk.json';
import { loadConfig, type Stage } from '../../../../lib/config';
import { composePipeline, type Pipeline } from '../../../../lib/pipeline';
import { ServerlessLensChecks, SolutionsChecks } from '../../../../lib/rules/nag';
import { reviewAtSynth } from '../../../../lib/rules/review';
import { emptyLayers } from '../../../support/synth';

afterAll(() => CloudAssembly.cleanupTemporaryDirectories());

interface Composed {
  readonly app: App;
  readonly pipeline: Pipeline;
  readonly synth: () => void;
}

function compose(overrides: Readonly<Record<string, unknown>>): Composed {
  const app = new App({
    context: {
      ...context,
      'aws:cdk:bundling-stacks': [],
      '@aws-cdk/core:annotationsInValidationReport': false,
    },
    analyticsReporting: false,
  });
  const config = loadConfig(overrides);
  const pipeline = composePipeline(app, config, { layers: emptyLayers() });
  return {
    app,
    pipeline,
    synth: () => {
      reviewAtSynth(app, config);
      app.synth();
    },
  };
}

const composed = new Map<string, Composed>();

/** A configuration, composed once for all tests. */
function composedOnce(overrides: Readonly<Record<string, unknown>>): Composed {
  const key = JSON.stringify(overrides);
  const found = composed.get(key) ?? compose(overrides);
  composed.set(key, found);
  return found;
}

describe('synth', () => {
  test.each([
    // For types of resources that the one before lacks, the engine of the validation is made anew: those after jwt have no others.
    [{ stage: 'lean' }],
    [{ stage: 'prod', kms: 'customer', vpcCidr: '172.20.64.0/18', orchestrator: 'none', pollers: '4' }],
    [{ stage: 'lean', orchestrator: 'mwaa', kms: 'customer' }],
    [{ stage: 'prod', auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'pipeline' }],
    [{ stage: 'prod' }],
    [{ stage: 'dev' }],
    [{ stage: 'local' }],
    [{ stage: 'lean', viewsEngine: 'spark' }],
    [{ stage: 'dev', auth: 'open', airflowWebserver: 'private', brokers: '4', intervalMinutes: '15' }],
  ])('finds nothing in %j', (overrides) => {
    expect(composedOnce(overrides).synth).not.toThrow();
  });

  test('stops with all findings, each with its rule, its place, and what is allowed', () => {
    const { pipeline, synth } = compose({ ingestConcurrency: '100', viewsEngine: 'spark' });
    const { storage, processing, orchestration } = pipeline;
    // Found by CloudFormation's schemas, which report a warning.
    processing.spark!.application.architecture = 'ARM';
    // By deploy.guard.
    orchestration!.airflow!.environment.environmentClass = 'mw1.gigantic';
    // By the rules of this project, as is the configuration above.
    (processing.steps.archive.function.node.defaultChild as CfnFunction).timeout = 900;
    // By cdk-nag: a bare bucket, and a wildcard that goes further than the acknowledged one.
    new CfnBucket(storage, 'Bare', {});
    processing.steps.archive.allow(['s3:GetObject'], [storage.lake.bucket.arnForObjects('*')]);
    let report = '';
    try {
      synth();
    } catch (error) {
      report = (error as Error).message.replace(/\s+/g, ' ');
    }
    for (const expected of [
      "Architecture: 'ARM' is not one of ['ARM64', 'X86_64']",
      'EnvironmentClass: must be one of mw1.micro, mw1.small,',
      'Timeout of a function with a Kafka source must be at most 840 s, got 900',
      'ReservedConcurrentExecutions must be at most 20, got 100: a broker accepts 3000 connections and 4 new ones a second',
      'AwsSolutions-S1',
      'pinterest-dev-storage/Bare',
      'AwsSolutions-IAM5[Resource::<LakeBucketB1D32E10.Arn>/*]',
      'pinterest-dev-processing/Steps/Archive/Role/DefaultPolicy',
    ]) {
      expect(report).toContain(expected);
    }
  });
});

describe('acknowledgements', () => {
  let apps: Readonly<Record<Stage, App>>;
  beforeAll(() => {
    const of = (stage: Stage) => composedOnce({ stage }).app;
    apps = { dev: of('dev'), lean: of('lean'), prod: of('prod'), local: of('local') };
  });

  interface Place {
    readonly rule: string;
    readonly path: string;
  }

  const given = (app: App): (Place & { reason: string })[] =>
    app.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.entries(data as Record<string, string>))
        .map(([id, reason]) => ({ rule: id.replace(/^Annotation::/, ''), path: node.path, reason })),
    );

  /** The findings without any acknowledgement. */
  const findings = (app: App): Place[] => {
    const ignore = jest
      .spyOn(NagPack.prototype as unknown as { isAcknowledged: () => boolean }, 'isAcknowledged')
      .mockReturnValue(false);
    app.synth();
    const found = [new SolutionsChecks(app), new ServerlessLensChecks(app)].flatMap((pack) =>
      pack
        .validateScope(app)
        .violations.flatMap(({ ruleName, violatingResources }) =>
          violatingResources.map(({ constructPath }) => ({ rule: ruleName, path: constructPath ?? '' })),
        ),
    );
    ignore.mockRestore();
    return found;
  };

  /** How often each rule is acknowledged, with names that are equal in all stages. */
  const counts = (app: App, stage: string): Record<string, number> => {
    const result: Record<string, number> = {};
    for (const { rule } of given(app)) {
      const name = rule
        .replaceAll(stage, '{stage}')
        .replace(/pinterest\{stage\}storageKafka[0-9A-F]{8}/, '{cluster}')
        .replace(/<(\w+?)[0-9A-F]{8}\./, '<$1.');
      result[name] = (result[name] ?? 0) + 1;
    }
    return result;
  };

  /** A new acknowledgement is decided on here, too. */
  const ACKNOWLEDGED: Readonly<Record<string, number>> = {
    'AwsSolutions-IAM5[Action::kms:GenerateDataKey*]': 1,
    'AwsSolutions-IAM5[Resource::*]': 9,
    'AwsSolutions-IAM5[Resource::<AirflowBucket.Arn>/dags/*]': 2,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/incomplete-posts/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/dedup-index/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/drift/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/manifests/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/plan/*]': 4,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/posts/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/published/*]': 2,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/quarantine/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/raw/*]': 2,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/seals/*]': 4,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/views/*]': 2,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:cassandra:<AWS::Region>:<AWS::AccountId>:/keyspace/system*]': 4,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kafka:<AWS::Region>:<AWS::AccountId>:group/{cluster}/*/pinterest-{stage}-aggregate]': 1,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kafka:<AWS::Region>:<AWS::AccountId>:group/{cluster}/*/pinterest-{stage}-archive]': 1,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:airflow-pinterest-{stage}-*]': 1,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:sqs:<AWS::Region>:*:airflow-celery-*]': 1,
    'AwsSolutions-L1': 1,
    'AwsSolutions-S1': 1,
    // CDK's own acknowledgements, about the spelling of a flow log's options.
    'CloudFormation-Validate::F3002': 1,
    'CloudFormation-Validate::F3003': 1,
    'Serverless-LambdaDLQ': 9,
    'Serverless-LambdaEventSourceMappingDestination': 2,
    'Serverless-LambdaLatestVersion': 1,
    'Serverless-LambdaTracing': 1,
  };

  /** A workflow is not in a network, and writes one log group. */
  const OF_LEAN = Object.fromEntries(
    Object.entries({
      ...ACKNOWLEDGED,
      'AwsSolutions-IAM5[Resource::*]': ACKNOWLEDGED['AwsSolutions-IAM5[Resource::*]'] - 1,
      'AwsSolutions-IAM5[Resource::<WorkflowBucket.Arn>/workflows/*]': 2,
      // Tracing is off in all eight steps.
      'Serverless-LambdaTracing': ACKNOWLEDGED['Serverless-LambdaTracing'] + 8,
    }).filter(([rule]) => !/AirflowBucket|airflow-|Action::kms/.test(rule)),
  );

  /** A canary adds those of its function and its schedule. */
  const OF_CANARY = {
    'AwsSolutions-IAM5[Resource::*]': 1,
    'Serverless-EventBusDLQ': 1,
    'Serverless-LambdaDLQ': 1,
  };

  /** A Spark application adds those of its job, of the upload of the job, and of the function that stops it. */
  const OF_SPARK = {
    'AwsSolutions-IAM5[Resource::*]': 2,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/jobs/*]': 2,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/manifests/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/plan/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/posts/*]': 1,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/views/*]': 1,
    'AwsSolutions-IAM5[Resource::<SparkApplication.Arn>/jobruns/*]': 2,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:emr-serverless:<AWS::Region>:<AWS::AccountId>:/applications/*]': 1,
    'AwsSolutions-L1': 1,
    'Serverless-LambdaDLQ': 2,
    'Serverless-LambdaLatestVersion': 1,
    'Serverless-LambdaTracing': 1,
  };

  /** The function that looks up the brokers for the scraper; Grafana's content, and its queries of the lake. */
  const OF_MONITORING = {
    'AwsSolutions-IAM5[Resource::<GrafanaLakeResults.Arn>/*]': 1,
    'AwsSolutions-IAM5[Resource::*]': 3,
    'AwsSolutions-IAM5[Resource::<LakeBucket.Arn>/posts/*]': 1,
    'AwsSolutions-S1': 1,
    'Serverless-LambdaDLQ': 3,
  };

  function added(...parts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
    const all: Record<string, number> = {};
    for (const [rule, count] of parts.flatMap((part) => Object.entries(part))) all[rule] = (all[rule] ?? 0) + count;
    return all;
  }

  test('are counted by rule', () => {
    expect(counts(apps.dev, 'dev')).toEqual(ACKNOWLEDGED);
    expect(counts(apps.lean, 'lean')).toEqual(OF_LEAN);
    expect(counts(apps.prod, 'prod')).toEqual(added(ACKNOWLEDGED, OF_CANARY, OF_SPARK, OF_MONITORING));
    expect(counts(apps.local, 'local')).toEqual(added(ACKNOWLEDGED, OF_CANARY, { 'AwsSolutions-APIG4': 2 }));
  });

  test('each have a reason and a finding', () => {
    const found = findings(apps.local);
    expect(found.length).toBeGreaterThan(50);
    for (const { rule, path, reason } of given(apps.local).filter((each) =>
      /^(AwsSolutions|Serverless)-/.test(each.rule),
    )) {
      const about = found.filter((each) => each.rule === rule && `${each.path}/`.startsWith(`${path}/`));
      expect({ rule, path, about: about.length > 0 }).toEqual({ rule, path, about: true });
      expect(reason.length).toBeGreaterThan(30);
    }
  });

  test('belong to a construct, never to a stack or the app', () => {
    for (const { path } of given(apps.dev)) {
      expect(path.split('/').length).toBeGreaterThan(1);
    }
  });
});

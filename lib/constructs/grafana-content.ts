import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import { type CfnWorkspace } from 'aws-cdk-lib/aws-grafana';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { CONTACT_POINT } from '../../observability/grafana/alerts';
import { type ConstantName } from '../../observability/grafana/aws-metrics';
import { contentOf, FOLDER_UID } from '../../observability/grafana';
import { DATA_SOURCES, type DataSourceName } from '../../observability/grafana/sources';
import { metricNamespace, PIPELINE_STEPS } from '../../lambda/runtime/metrics';
import { acknowledge } from '../rules/acknowledge';
import { type GrafanaWorkspaceProps } from './grafana-props';
import { type LakeQueries } from './lake-queries';
import { PipelineFunction } from './pipeline-function';

/** Long enough for six attempts at each of about twenty requests, and for new permissions to take effect. */
const TIMEOUT = Duration.minutes(10);

export interface GrafanaContentProps extends GrafanaWorkspaceProps {
  readonly workspace: CfnWorkspace;
  readonly queries: LakeQueries;
}

/**
 * The content that CloudFormation can't put into a workspace: data sources, folder, boards, alert rules. It is an asset, named by
 * its hash. The function `provision/grafana` applies the differences, and a rollback is an update to the older asset.
 */
export class GrafanaContent extends Construct {
  public readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: GrafanaContentProps) {
    super(scope, id);
    const { workspace, monitored } = props;
    const { config } = monitored;
    const { partition, region, account } = Stack.of(this);
    const asset = this.asset(props);

    // In no network: a workspace is on the internet, which the functions' network can't reach.
    this.function = new PipelineFunction(this, 'Function', {
      config,
      folder: 'provision/grafana',
      description: 'Puts data sources, boards and alert rules into Managed Grafana while a stack is deployed',
      memory: 256,
      timeout: TIMEOUT,
    });
    acknowledge(
      this.function,
      'CloudFormation calls it and waits for the response: a failure fails the deployment, with its reason',
      'Serverless-LambdaDLQ',
    );
    this.function.allow(
      [
        'grafana:CreateWorkspaceServiceAccount',
        'grafana:CreateWorkspaceServiceAccountToken',
        'grafana:DeleteWorkspaceServiceAccount',
        'grafana:DeleteWorkspaceServiceAccountToken',
        'grafana:ListWorkspaceServiceAccounts',
      ],
      [`arn:${partition}:grafana:${region}:${account}:/workspaces/${workspace.attrId}`],
    );
    this.function.allow(['s3:GetObject'], [`arn:${partition}:s3:::${asset.s3BucketName}/${asset.s3ObjectKey}`]);

    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::GrafanaContent',
      serviceToken: this.function.function.functionArn,
      serviceTimeout: TIMEOUT.plus(Duration.minutes(2)),
      properties: {
        WorkspaceId: workspace.attrId,
        Endpoint: workspace.attrEndpoint,
        ContentBucket: asset.s3BucketName,
        ContentKey: asset.s3ObjectKey,
        FolderUid: FOLDER_UID,
        Deployed: this.deployed(props),
      },
    });
    // The role with its policy: the permission to create a token must exist.
    resource.node.addDependency(this.function.role);
  }

  private asset({ monitored: { config } }: GrafanaContentProps): Asset {
    const directory = mkdtempSync(join(tmpdir(), 'grafana-'));
    try {
      const path = join(directory, 'content.json');
      const content = contentOf(`Pinterest data pipeline (${config.stage})`, { url: config.runbookUrl });
      writeFileSync(path, JSON.stringify(content));
      return new Asset(this, 'Asset', { path });
    } finally {
      // The assembly has its own copy.
      rmSync(directory, { recursive: true });
    }
  }

  /** Values that are known only at deployment, which the function receives beside the asset. */
  private deployed({
    monitored,
    views,
    spark,
    airflow,
    lake,
    topic,
    prometheus,
    queries,
  }: GrafanaContentProps): string {
    const { config, steps, ingestApi, queryApi } = monitored;
    const { region } = Stack.of(this);
    const source = (name: DataSourceName, jsonData: object, url?: string) => ({
      ...DATA_SOURCES[name],
      access: 'proxy',
      ...(url === undefined ? {} : { url }),
      jsonData,
    });
    const functions = Object.fromEntries(
      PIPELINE_STEPS.map((step) => [`${step}Function`, steps[step].function.functionName]),
    ) as Record<`${(typeof PIPELINE_STEPS)[number]}Function`, string>;
    const constants: Record<ConstantName, string> = {
      namespace: metricNamespace(config),
      ingestApi: ingestApi.api.apiId,
      queryApi: queryApi.api.apiId,
      ...functions,
      sparkApplication: spark?.application.attrApplicationId ?? 'none',
      airflow: airflow?.environment.name ?? 'none',
      keyspace: views.keyspaceName,
      lake: lake.bucket.bucketName,
    };
    return Stack.of(this).toJsonString({
      dataSources: [
        source('cloudwatch', { authType: 'ec2_iam_role', defaultRegion: region }),
        source('athena', {
          authType: 'ec2_iam_role',
          defaultRegion: region,
          catalog: 'AwsDataCatalog',
          database: queries.database,
          workgroup: queries.workgroup.name,
        }),
        ...(prometheus
          ? [
              source(
                'amp',
                { httpMethod: 'POST', sigV4Auth: true, sigV4AuthType: 'ec2_iam_role', sigV4Region: region },
                prometheus.attrPrometheusEndpoint,
              ),
            ]
          : []),
      ],
      contactPoints: [
        {
          uid: CONTACT_POINT,
          name: CONTACT_POINT,
          type: 'sns',
          settings: { topic_arn: topic.topicArn, sigv4: { region } },
          disableResolveMessage: false,
        },
      ],
      constants,
    });
  }
}

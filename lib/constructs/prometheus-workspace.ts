import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Aws, CustomResource, Duration, Fn, RemovalPolicy } from 'aws-cdk-lib';
import { CfnRuleGroupsNamespace, CfnScraper, CfnWorkspace } from 'aws-cdk-lib/aws-aps';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { ENV } from '../../lambda/runtime/env';
import {
  brokerJob,
  EXPORTER_PORTS,
  type ExporterName,
  RULES_FOLDER,
  type ScrapeJob,
} from '../../observability/prometheus/scrape';
import { type PipelineConfig } from '../config';
import { type KafkaCluster } from './kafka-cluster';
import { logGroup } from './logs';
import { PipelineFunction, type FunctionNetwork } from './pipeline-function';
import { applyRemoval } from './removal';

/** Each sample is billed, and the rules work on minutes. */
const SCRAPE_INTERVAL = '60s';
const SCRAPE_TIMEOUT = '25s';

export interface PrometheusWorkspaceProps {
  readonly config: PipelineConfig;
  readonly kafka: KafkaCluster;
  /** Where the scraper and the function that looks up the brokers run: in the brokers' subnets. */
  readonly network: FunctionNetwork;
  /** Topic that alerts notify. */
  readonly alerts: ITopic;
}

/**
 * Managed Prometheus for the brokers: a workspace, a scraper of their JMX and node exporters, the rules of
 * `observability/prometheus/rules`, and an alert manager that publishes to the topic of all alarms.
 * @see https://docs.aws.amazon.com/prometheus/latest/userguide/prom-msk-integration.html
 */
export class PrometheusWorkspace extends Construct {
  public readonly workspace: CfnWorkspace;
  private readonly props: PrometheusWorkspaceProps;

  constructor(scope: Construct, id: string, props: PrometheusWorkspaceProps) {
    super(scope, id);
    this.props = props;
    const { config, alerts } = props;
    const name = `${config.project}-${config.stage}`;
    // With this prefix, the resource policy of delivered logs, whose size is limited, does not grow with each group.
    const logs = (id: string) =>
      logGroup(this, `${id}Logs`, config, { logGroupName: `/aws/vendedlogs/prometheus/${name}-${id.toLowerCase()}` });
    this.workspace = new CfnWorkspace(this, 'Workspace', {
      alias: name,
      alertManagerDefinition: alertManager(alerts.topicArn),
      loggingConfiguration: { logGroupArn: logs('Rules').logGroupArn },
      workspaceConfiguration: { retentionPeriodInDays: config.logRetentionDays },
    });
    // Old metrics only explain old incidents. The pipeline computes nothing from them.
    applyRemoval(RemovalPolicy.DESTROY, this.workspace);
    this.allowToPublish();
    for (const file of readdirSync(RULES_FOLDER).filter((each) => each.endsWith('.yaml'))) {
      const namespace = basename(file, '.yaml');
      new CfnRuleGroupsNamespace(this, namespace, {
        workspace: this.workspace.attrArn,
        name: namespace,
        data: rulesOf(join(RULES_FOLDER, file), config.runbookUrl),
      });
    }
    this.scrape(name, logs('Scraper').logGroupArn);
  }

  /** Only for alerts of this workspace: workspaces of other customers have the same principal. */
  private allowToPublish(): void {
    this.props.alerts.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ManagedPrometheus',
        principals: [new ServicePrincipal('aps.amazonaws.com')],
        actions: ['sns:GetTopicAttributes', 'sns:Publish'],
        resources: [this.props.alerts.topicArn],
        conditions: {
          ArnEquals: { 'aws:SourceArn': this.workspace.attrArn },
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        },
      }),
    );
  }

  private scrape(cluster: string, logGroupArn: string): void {
    const { kafka, network } = this.props;
    const securityGroup = new SecurityGroup(this, 'ScraperGroup', {
      vpc: network.vpc,
      description: 'Scraper of Managed Prometheus',
      allowAllOutbound: false,
    });
    for (const [exporter, port] of Object.entries(EXPORTER_PORTS)) {
      securityGroup.addEgressRule(kafka.brokers, Port.tcp(port), `Exporter: ${exporter}`);
      // Remote rule, so that the storage stack does not depend on this one.
      kafka.brokers.addIngressRule(securityGroup, Port.tcp(port), `Exporter: ${exporter}`, true);
    }
    const nodes = this.mskNodes();
    const configuration = scrapeConfiguration(cluster)
      .replaceAll('"{brokers}"', nodes.getAttString('Brokers'))
      .replaceAll('"{controllers}"', nodes.getAttString('Controllers'));
    new CfnScraper(this, 'Scraper', {
      alias: cluster,
      source: {
        vpcConfiguration: {
          subnetIds: network.vpc.selectSubnets(network.subnets).subnetIds,
          securityGroupIds: [securityGroup.securityGroupId],
        },
      },
      destination: { ampConfiguration: { workspaceArn: this.workspace.attrArn } },
      scrapeConfiguration: { configurationBlob: Fn.base64(configuration) },
      scraperLoggingConfiguration: {
        loggingDestination: { cloudWatchLogs: { logGroupArn } },
        scraperComponents: [{ type: 'SERVICE_DISCOVERY' }, { type: 'COLLECTOR' }, { type: 'EXPORTER' }],
      },
    });
  }

  /** Looks up the names of brokers and controllers, again whenever their number changes. */
  private mskNodes(): CustomResource {
    const { config, kafka, network } = this.props;
    const lookUp = new PipelineFunction(this, 'MskNodes', {
      config,
      network,
      folder: 'provision/msk-nodes',
      description: 'Names of brokers and controllers, for the scraper; runs while the stack is deployed',
      memory: 256,
      timeout: Duration.minutes(1),
    });
    lookUp.setEnvironment({ [ENV.clusterArn]: kafka.cluster.clusterArn });
    lookUp.allow(['kafka:ListNodes'], [kafka.cluster.clusterArn]);
    const resource = new CustomResource(this, 'NodeNames', {
      resourceType: 'Custom::MskNodes',
      serviceToken: lookUp.function.functionArn,
      properties: { Cluster: kafka.cluster.clusterArn, Brokers: config.brokers },
      serviceTimeout: Duration.minutes(5),
    });
    resource.node.addDependency(lookUp.role);
    return resource;
  }
}

/** The rules of a file. An alert's `runbook_url` is the path in the repository, or, if it is known where that is, the URL. */
function rulesOf(file: string, runbookUrl: string | undefined): string {
  const text = readFileSync(file, 'utf8');
  if (runbookUrl === undefined) return text;
  return text.replaceAll(/(?<=runbook_url: )docs\/(?=runbook-kafka\.md#)/g, new URL('.', runbookUrl).href);
}

/** The scraper's configuration as JSON, which is valid YAML. `{brokers}` and `{controllers}` stand for lists of names. */
function scrapeConfiguration(cluster: string): string {
  const jobs = (['jmx', 'node'] as const).map((exporter) => discovered(exporter, cluster));
  const global = { scrape_interval: SCRAPE_INTERVAL, scrape_timeout: SCRAPE_TIMEOUT };
  return JSON.stringify({ global, scrape_configs: jobs });
}

function discovered(exporter: ExporterName, cluster: string): ScrapeJob {
  // Only the controllers' JMX exporters report partitions without a leader. MSK does not expose controllers' disks.
  const nodes = exporter === 'jmx' ? ['{brokers}', '{controllers}'] : ['{brokers}'];
  return brokerJob(exporter, cluster, {
    targets: { dns_sd_configs: nodes.map((names) => ({ names, type: 'A', port: EXPORTER_PORTS[exporter] })) },
    relabel: [
      // Names begin with `b-1.`, `b-2.` …
      { source_labels: ['__meta_dns_name'], regex: '([^.]+)[.].*', target_label: 'broker', replacement: '$1' },
    ],
  });
}

/** @see https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-receiver-config.html */
function alertManager(topicArn: string): string {
  return `alertmanager_config: |
  route:
    receiver: alarms
    group_by: [alertname, cluster]
    group_wait: 30s
    group_interval: 5m
    repeat_interval: 4h
  receivers:
    - name: alarms
      sns_configs:
        - topic_arn: ${topicArn}
          sigv4:
            region: ${Aws.REGION}
          # The default subject consists of all labels and can exceed the limit of SNS.
          subject: '{{ .Status }}: {{ .CommonLabels.alertname }}'
          attributes:
            severity: '{{ .CommonLabels.severity }}'
`;
}

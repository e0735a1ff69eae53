import { Duration, Stack } from 'aws-cdk-lib';
import { CfnWorkspace } from 'aws-cdk-lib/aws-grafana';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { acknowledgeResources } from '../rules/acknowledge';
import { GrafanaContent } from './grafana-content';
import { type GrafanaWorkspaceProps } from './grafana-props';
import { LakeQueries } from './lake-queries';
import { grantUse } from './pipeline-key';
import { applyRemoval, removalPolicy } from './removal';

/**
 * The version that the boards are built for. It is pinned, because an upgrade can't be reverted. ListVersions returns the
 * versions that a workspace can have or be upgraded to.
 * @see https://docs.aws.amazon.com/grafana/latest/APIReference/API_ListVersions.html
 */
const GRAFANA_VERSION = '12.4';

/**
 * Managed Grafana with the pipeline's boards. Its role may read the boards' data, and nothing else. People sign in by IAM
 * Identity Center or SAML, and somebody makes the first of them an administrator by hand.
 */
export class GrafanaWorkspace extends Construct {
  public readonly workspace: CfnWorkspace;
  public readonly role: Role;
  public readonly content: GrafanaContent;

  constructor(scope: Construct, id: string, props: GrafanaWorkspaceProps) {
    super(scope, id);
    const { monitored, lake, topic, key, prometheus } = props;
    const { config } = monitored;
    this.role = this.readerRole();
    const queries = new LakeQueries(this, 'Lake', { config, lake });
    queries.grant(this.role);
    topic.grantPublish(this.role);
    if (key) grantUse(key, this.role, 'sns', { write: true });
    if (prometheus) {
      this.role.addToPolicy(
        new PolicyStatement({
          actions: ['aps:QueryMetrics', 'aps:GetLabels', 'aps:GetSeries', 'aps:GetMetricMetadata'],
          resources: [prometheus.attrArn],
        }),
      );
    }

    this.workspace = new CfnWorkspace(this, 'Workspace', {
      name: `${config.project}-${config.stage}`,
      description: 'Boards of the Pinterest data pipeline',
      accountAccessType: 'CURRENT_ACCOUNT',
      permissionType: 'CUSTOMER_MANAGED',
      roleArn: this.role.roleArn,
      grafanaVersion: GRAFANA_VERSION,
      // The sources of Athena and Managed Prometheus are plugins, which a new workspace lacks.
      pluginAdminEnabled: true,
      dataSources: ['CLOUDWATCH', 'PROMETHEUS', 'ATHENA'],
      notificationDestinations: ['SNS'],
      ...authentication(config),
    });
    // This repository can recreate everything in it.
    applyRemoval(removalPolicy({ removal: 'destroy' }), this.workspace);
    this.workspace.node.addDependency(this.role);

    this.content = new GrafanaContent(this, 'Content', { ...props, workspace: this.workspace, queries });
  }

  /** Address at which people open it. */
  public get url(): string {
    return `https://${this.workspace.attrEndpoint}`;
  }

  /** @see https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-permissions.html */
  private readerRole(): Role {
    const { account, partition, region } = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: 'Read access of the boards in Grafana',
      assumedBy: new ServicePrincipal('grafana.amazonaws.com', {
        // The service assumes roles on behalf of the workspaces of all its customers.
        conditions: {
          StringEquals: { 'aws:SourceAccount': account },
          StringLike: { 'aws:SourceArn': `arn:${partition}:grafana:${region}:${account}:/workspaces/*` },
        },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'], resources: ['*'] }),
    );
    acknowledgeResources(role, 'CloudWatch metrics are readable across the account or not at all', ['*']);
    return role;
  }
}

/**
 * The authentication settings of the workspace.
 * @see https://docs.aws.amazon.com/grafana/latest/userguide/authentication-in-AMG.html
 */
function authentication(config: PipelineConfig) {
  if (config.grafanaAuth === 'sso') {
    return { authenticationProviders: ['AWS_SSO'] };
  }
  return {
    authenticationProviders: ['SAML'],
    samlConfiguration: {
      idpMetadata: { url: config.grafanaSamlMetadata },
      assertionAttributes: { role: 'role', login: 'mail', email: 'mail', name: 'displayName' },
      roleValues: { admin: ['admin'], editor: ['editor'] },
      loginValidityDuration: Duration.hours(8).toMinutes(),
    },
  };
}

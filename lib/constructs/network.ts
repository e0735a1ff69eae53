import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
  type SubnetSelection,
} from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { type PipelineConfig } from '../config';
import { type FunctionNetwork, type PipelineFunction } from './pipeline-function';
import { logGroup } from './logs';

/** Port of Keyspaces for CQL over TLS, also at its VPC endpoint. */
const CQL_PORT = 9142;

export interface PipelineNetworkProps {
  readonly config: PipelineConfig;
}

/**
 * Two kinds of private subnets. Brokers, functions and Spark run in `data`, without a route to the internet, and reach AWS by
 * endpoints. Only an Airflow environment runs in `airflow`, with NAT: it needs a dozen AWS services, whose endpoints would
 * cost more. Without an environment there is no NAT and no route to the internet.
 */
export class PipelineNetwork extends Construct {
  public readonly vpc: Vpc;
  public readonly dataSubnets: SubnetSelection = { subnetGroupName: 'data' };
  public readonly airflowSubnets: SubnetSelection = { subnetGroupName: 'airflow' };
  public readonly functions: SecurityGroup;
  public readonly spark: SecurityGroup;
  private readonly airflowGroup?: SecurityGroup;

  constructor(scope: Construct, id: string, props: PipelineNetworkProps) {
    super(scope, id);
    const { config } = props;
    // Reserve their addresses: brokers can't move to other subnets when an environment is added later.
    const reserved = config.orchestrator !== 'mwaa';
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(config.vpcCidr),
      maxAzs: config.availabilityZones,
      natGateways: config.natGateways,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 26, mapPublicIpOnLaunch: false, reserved },
        { name: 'airflow', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24, reserved },
        { name: 'data', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 20 },
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    this.flowLog(config);

    this.functions = this.group('Functions', 'Functions of the pipeline');
    this.spark = this.group('Spark', 'Workers of the Spark application');
    if (config.orchestrator === 'mwaa') {
      this.airflowGroup = this.group('Airflow', 'Airflow environment');
      // Its scheduler, workers and metadata database connect to each other.
      this.airflowGroup.addIngressRule(this.airflowGroup, Port.allTraffic(), 'Between components of Airflow');
    }

    // Functions look up the brokers' addresses and write views. Spark workers write logs.
    this.endpoint('Kafka', InterfaceVpcEndpointAwsService.KAFKA, Port.HTTPS, [this.functions]);
    this.endpoint('Keyspaces', InterfaceVpcEndpointAwsService.KEYSPACES, Port.tcp(CQL_PORT), [this.functions]);
    if (config.viewsEngine !== 'duckdb') {
      this.endpoint('Logs', InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS, Port.HTTPS, [this.spark]);
    }
  }

  /** Where the functions run. */
  public get functionNetwork(): FunctionNetwork {
    return { vpc: this.vpc, subnets: this.dataSubnets, securityGroup: this.functions };
  }

  /** @throws Error where `orchestrator` is not `mwaa` */
  public get airflow(): SecurityGroup {
    if (!this.airflowGroup) throw new Error('there is no Airflow in the network: orchestrator is not mwaa');
    return this.airflowGroup;
  }

  /** Lets functions read CloudWatch metrics: the permission and the endpoint. */
  public bindMetrics(fn: PipelineFunction): void {
    this.endpoint('Monitoring', InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING, Port.HTTPS, [this.functions]);
    fn.allow(['cloudwatch:GetMetricData'], ['*']);
  }

  private flowLog(config: PipelineConfig): void {
    const flowLog = this.vpc.addFlowLog('All', {
      destination: FlowLogDestination.toCloudWatchLogs(logGroup(this, 'FlowLogs', config)),
      trafficType: FlowLogTrafficType.ALL,
    });
    // CDK does not set the order, and a flow log whose role can't write yet starts with an access error.
    flowLog.node.findChild('FlowLog').node.addDependency(flowLog.node.findChild('IAMRole'));
  }

  private group(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description });
  }

  private endpoint(
    id: string,
    service: InterfaceVpcEndpointAwsService,
    port: Port,
    clients: readonly SecurityGroup[],
  ): void {
    const group = new SecurityGroup(this, `${id}EndpointGroup`, {
      vpc: this.vpc,
      description: `Endpoint of ${id}`,
      allowAllOutbound: false,
    });
    for (const client of clients) {
      group.addIngressRule(client, port, 'Clients of the endpoint');
    }
    this.vpc.addInterfaceEndpoint(`${id}Endpoint`, {
      service,
      subnets: this.dataSubnets,
      securityGroups: [group],
      // The default would allow the whole address range of the network.
      open: false,
    });
  }
}

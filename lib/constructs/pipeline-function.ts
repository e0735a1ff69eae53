import { Duration, Size } from 'aws-cdk-lib';
import { type ISecurityGroup, type IVpc, type SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function, LoggingFormat, Runtime, Tracing, type ILayerVersion } from 'aws-cdk-lib/aws-lambda';
import { type LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { ENV, type EnvName } from '../../lambda/runtime/env';
import { metricNamespace } from '../../lambda/runtime/metrics';
import { LONGEST_SECONDS } from '../capacity/functions';
import { type PipelineConfig } from '../config';
import { acknowledge, acknowledgeResources } from '../rules/acknowledge';
import { bundle } from './bundle';
import { logGroup } from './logs';

/**
 * Lambda's own limit is 15 minutes, but a Kafka event source accepts 14 at most.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html
 */
export const MAX_TIMEOUT = Duration.seconds(LONGEST_SECONDS);

/** The network in which all functions run. Only AWS endpoints and Kafka can be reached from it. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroup: ISecurityGroup;
}

export interface PipelineFunctionProps {
  readonly config: PipelineConfig;
  /** @default - in no network: a function that calls only AWS */
  readonly network?: FunctionNetwork;
  /** Folder under `lambda/` whose `handler.ts` exports `handler`: a step, or `provision/…`. */
  readonly folder: string;
  /** One sentence for the console's list of functions. */
  readonly description: string;
  /** Megabytes. Lambda adds a vCPU for each 1,769. */
  readonly memory: number;
  /** At most {@link MAX_TIMEOUT}. */
  readonly timeout: Duration;
  /**
   * Storage under `/tmp`, MiB.
   * @default 512
   */
  readonly temporaryStorage?: number;
  /**
   * Concurrent instances.
   * @default - the account's unreserved concurrency
   */
  readonly concurrency?: number;
  /**
   * Modules that `layers` provide, omitted from the bundle.
   * @default - none
   */
  readonly externalModules?: readonly string[];
  /**
   * Writes further files of the asset, beside the bundle.
   * @default - none
   */
  readonly files?: (directory: string) => void;
  /** @default - none */
  readonly layers?: readonly ILayerVersion[];
  /**
   * Why the function has no dead-letter queue.
   * @default - its caller gets the error and retries
   */
  readonly noDeadLetters?: string;
}

/**
 * A step of the pipeline as a function: `lambda/<folder>/handler.ts`, bundled by the local esbuild. It may write its log
 * and its traces. Every other permission, and the variable that names its resource, is set by a `bind…` method of the construct used.
 */
export class PipelineFunction extends Construct {
  public readonly function: Function;
  public readonly role: Role;
  public readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: PipelineFunctionProps) {
    super(scope, id);
    const { config, network } = props;
    if (props.timeout.toSeconds() > MAX_TIMEOUT.toSeconds()) {
      throw new Error(
        `timeout of ${props.folder} must be at most ${MAX_TIMEOUT.toSeconds()} s, got ${props.timeout.toSeconds()}`,
      );
    }
    this.logGroup = logGroup(this, 'Logs', config);
    // CDK's default role has AWS-managed policies that allow writing to every log group.
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Execution role of ${props.folder}`,
    });
    this.logGroup.grantWrite(this.role);
    if (network) {
      this.role.addToPolicy(networkInterfaces());
      this.role.addToPolicy(notByCode());
    }
    acknowledgeResources(this.role, 'Actions without a resource: lib/rules/actions.ts lists those that are allowed', [
      '*',
    ]);

    this.function = new Function(this, 'Function', {
      description: props.description,
      code: bundle(props.folder, props.externalModules ?? [], props.files),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: config.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: props.memory,
      timeout: props.timeout,
      ephemeralStorageSize: props.temporaryStorage === undefined ? undefined : Size.mebibytes(props.temporaryStorage),
      reservedConcurrentExecutions: props.concurrency,
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: config.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      vpc: network?.vpc,
      vpcSubnets: network?.subnets,
      securityGroups: network && [network.securityGroup],
      layers: props.layers ? [...props.layers] : undefined,
    });
    acknowledge(
      this.function,
      props.noDeadLetters ??
        'Invoked by an API, an event source or Airflow, each of which gets the error and retries: never asynchronously',
      'Serverless-LambdaDLQ',
    );
    if (!config.tracing)
      acknowledge(this.function, 'Disabled by the configuration (tracing=false)', 'Serverless-LambdaTracing');
    // Lambda checks the network permissions when it creates the function, so they must exist first.
    this.function.node.addDependency(this.role);
  }

  /** Lets the function report the metrics of `lambda/runtime/metrics.ts`. */
  public bindMetrics(config: PipelineConfig): void {
    this.setEnvironment({ [ENV.metricNamespace]: metricNamespace(config), [ENV.metrics]: config.metrics });
  }

  /** Sets variables. The constructs' `bind…` methods also grant the permission to use what a variable names. */
  public setEnvironment(variables: Readonly<Partial<Record<EnvName, string>>>): void {
    for (const [name, value] of Object.entries(variables)) {
      this.function.addEnvironment(name, value);
    }
  }

  public allow(actions: readonly string[], resources: readonly string[], conditions?: Record<string, unknown>): void {
    this.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...actions],
        resources: [...resources],
        conditions,
      }),
    );
  }
}

/**
 * Permissions that Lambda uses, with the function's role, to connect it to a network.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
 */
function networkInterfaces(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    // Before it creates the function, Lambda checks for the permission on every resource.
    resources: ['*'],
  });
}

/**
 * Denies these permissions to the function's own code: its calls carry the function's ARN, Lambda's calls do not.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
 */
function notByCode(): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
    conditions: { Null: { 'lambda:SourceFunctionArn': 'false' } },
  });
}

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

export const MAX_TIMEOUT = Duration.seconds(LONGEST_SECONDS);

/** Where functions run: one place for all, from which nothing but AWS endpoints and Kafka can be reached. */
export interface FunctionNetwork {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  readonly securityGroup: ISecurityGroup;
}

export interface PipelineFunctionProps {
  readonly config: PipelineConfig;
  /** @default - in no network: a function that calls nothing but AWS */
  readonly network?: FunctionNetwork;
  /** Folder under `lambda/` whose `handler.ts` exports `handler`: a step, or `provision/…`. */
  readonly folder: string;
  /** One sentence for people who look at the list of functions. */
  readonly description: string;
  /** Megabytes; a vCPU comes with each 1,769. */
  readonly memory: number;
  /** At most {@link MAX_TIMEOUT}. */
  readonly timeout: Duration;
  /**
   * Space under `/tmp`, MiB.
   * @default 512
   */
  readonly temporaryStorage?: number;
  /**
   * Instances at once.
   * @default - the account's unreserved concurrency
   */
  readonly concurrency?: number;
  /**
   * Modules that `layers` brings, left out of the bundle.
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
   * Why no dead letters are kept.
   * @default - its caller sees the error and tries again
   */
  readonly noDeadLetters?: string;
}

/**
 * A step of the pipeline as a function: `lambda/<folder>/handler.ts`, bundled by the local esbuild. It can write its own log
 * and its traces; every other right, and the variable that names what it is for, comes by a `bind…` of the thing used.
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
    // A role of our own: the one that CDK would make carries AWS-managed policies that reach every log group.
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Execution role of ${props.folder}`,
    });
    this.logGroup.grantWrite(this.role);
    if (network) {
      this.role.addToPolicy(networkInterfaces());
      this.role.addToPolicy(notByCode());
    }
    acknowledgeResources(
      this.role,
      'Actions that know no resource: which they may be is listed in lib/rules/actions.ts',
      ['*'],
    );

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
      environment: {
        [ENV.stage]: config.stage,
        [ENV.metricNamespace]: metricNamespace(config),
        [ENV.metrics]: config.metrics,
      },
    });
    acknowledge(
      this.function,
      props.noDeadLetters ??
        'Invoked by an API, an event source or Airflow, each of which sees the error and tries again: never asynchronously',
      'Serverless-LambdaDLQ',
    );
    if (!config.tracing)
      acknowledge(this.function, 'Off by the configuration (tracing=false)', 'Serverless-LambdaTracing');
    // The function checks its network when it is created: the rights must be there by then.
    this.function.node.addDependency(this.role);
  }

  /** Sets a variable; together with the right to use what it names, see the constructs' `bind…` methods. */
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
 * What Lambda does on the role's behalf to put a function into a network.
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
    // Lambda checks for the right on every resource before it creates the function.
    resources: ['*'],
  });
}

/**
 * Those rights are Lambda's: what the function's own code calls carries the function's ARN, what Lambda calls does not.
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

/** The templates' resources, as far as the local run starts them: the contract between reading and running. */
import { type TableProperties } from '../engines';
import { type Condition, type MetricId } from './alarm-terms';

export interface LocalPlan {
  readonly buckets: readonly BucketPlan[];
  readonly deployments: readonly DeploymentPlan[];
  readonly clusters: readonly ClusterPlan[];
  readonly topics: readonly TopicPlan[];
  readonly keyspaces: readonly KeyspacePlan[];
  readonly tables: readonly TablePlan[];
  readonly functions: readonly FunctionPlan[];
  readonly eventSources: readonly EventSourcePlan[];
  readonly schedules: readonly SchedulePlan[];
  readonly apis: readonly HttpApiPlan[];
  readonly applications: readonly ApplicationPlan[];
  /** ARNs of the roles that EMR Serverless may assume: a job with another one is rejected. */
  readonly jobRoles: readonly string[];
  readonly environments: readonly EnvironmentPlan[];
  readonly alarms: readonly AlarmPlan[];
  readonly compositeAlarms: readonly CompositeAlarmPlan[];
  readonly dashboards: readonly DashboardPlan[];
  /** The requested outputs, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Types that the local run ignores, each with the reason. */
  readonly ignored: readonly IgnoredType[];
}

interface Resource {
  /** `stack/logicalId`, for messages. */
  readonly path: string;
}

interface BucketPlan extends Resource {
  readonly name: string;
}

/** One `Custom::CDKBucketDeployment`. */
export interface DeploymentPlan extends Resource {
  readonly bucket: string;
  /** Key prefix without a slash at the end; empty for the bucket's root. */
  readonly prefix: string;
  readonly sources: readonly DeploymentSource[];
}

export interface DeploymentSource {
  /** Absolute path of the asset's folder. */
  readonly directory: string;
  /** Texts that the deployment replaces inside the files: placeholder → value. */
  readonly markers: Readonly<Record<string, string>>;
}

/** One target of an `AWS::Events::Rule` with a rate. */
export interface SchedulePlan extends Resource {
  readonly functionName: string;
  readonly everyMs: number;
}

interface ClusterPlan extends Resource {
  readonly arn: string;
}

interface TopicPlan extends Resource {
  readonly clusterArn: string;
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

interface KeyspacePlan extends Resource {
  readonly name: string;
}

interface TablePlan extends Resource {
  readonly keyspace: string;
  readonly name: string;
  /** The resolved CloudFormation properties, both names filled in. */
  readonly properties: TableProperties;
}

export interface FunctionPlan extends Resource {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** `file.export`, as in Lambda. */
  readonly handler: string;
  readonly runtime: string;
  /** Absolute path of the asset's folder. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Most concurrent invocations. @default - unlimited */
  readonly reservedConcurrency?: number;
  /** Absolute paths of the layers' asset folders. */
  readonly layers: readonly string[];
}

/** One event source mapping of a Kafka cluster. @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk-configure.html */
export interface EventSourcePlan extends Resource {
  readonly logicalId: string;
  readonly functionName: string;
  readonly clusterArn: string;
  readonly topics: readonly string[];
  readonly consumerGroup: string;
  readonly enabled: boolean;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  /** Most records per invocation. */
  readonly batchSize: number;
  /** Longest time in which records are batched, seconds. */
  readonly windowSeconds: number;
  /** Most event pollers; undefined in on-demand mode. */
  readonly maximumPollers?: number;
}

export interface HttpApiPlan extends Resource {
  readonly logicalId: string;
  readonly id: string;
  readonly name: string;
  readonly routes: readonly RoutePlan[];
  /** @default - none: scripts of other origins are not answered */
  readonly cors?: Cors;
}

/** Names of headers in lower case. */
export interface Cors {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: number;
}

export interface RoutePlan {
  /** `POST /posts`, `ANY /{proxy+}`, `$default`. */
  readonly routeKey: string;
  readonly functionName: string;
  readonly timeoutMs: number;
  /** Whether requests must be signed; otherwise anyone may send them. */
  readonly iam: boolean;
  /** @default - not throttled */
  readonly throttle?: Throttle;
}

export interface Throttle {
  /** Requests a second. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
}

export interface ApplicationPlan extends Resource {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly releaseLabel: string;
}

export interface EnvironmentPlan extends Resource {
  readonly name: string;
  readonly bucket: string;
  /** Key prefix of the DAG folder, without slashes at its ends. */
  readonly dagPath: string;
  /** `section.key` → value. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly executionRole: string;
}

/** A metric of an alarm. */
export interface AlarmMetric extends MetricId {
  /** Its name in the alarm's expression. */
  readonly id: string;
  /** `Sum`, `Maximum`, `p99` … */
  readonly statistic: string;
}

export interface AlarmPlan extends Resource, Condition {
  readonly name: string;
  readonly arn: string;
  readonly periodSeconds: number;
  readonly metrics: readonly AlarmMetric[];
  /** Metric math over the metrics' ids. @default - the only metric itself */
  readonly expression?: string;
}

export interface CompositeAlarmPlan extends Resource {
  readonly name: string;
  readonly arn: string;
  readonly rule: string;
}

export interface DashboardPlan extends Resource {
  readonly name: string;
  /** JSON. @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
  readonly body: string;
}

export interface IgnoredType {
  readonly type: string;
  readonly count: number;
  readonly reason: string;
}

/**
 * The function with this name or ARN, or with this unique word in its logical id (`archive`).
 * @throws Error unless exactly one matches
 */
export function findFunction(functions: readonly FunctionPlan[], what: string): FunctionPlan {
  const exact = functions.find(({ name, arn }) => name === what || arn === what);
  if (exact) return exact;
  const fitting = functions.filter(({ logicalId }) => logicalId.toLowerCase().includes(what.toLowerCase()));
  if (fitting.length === 1) return fitting[0];
  const known = functions.map(({ logicalId }) => logicalId).join(', ');
  throw new Error(`'${what}' must match exactly one function, it matches ${fitting.length} of ${known}`);
}

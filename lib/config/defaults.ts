import { type PipelineConfig, type Stage } from './schema';

const DEV: PipelineConfig = {
  stage: 'dev',
  project: 'pinterest',
  removal: 'destroy',
  logRetentionDays: 7,
  kms: 'aws',
  architecture: 'arm64',
  postsPerSecond: 10,
  // As measured: see docs/cost-and-scale.md.
  postBytes: 850,
  outageHours: 48,
  availabilityZones: 2,
  vpcCidr: '10.42.0.0/16',
  natGateways: 1,
  brokers: 2,
  brokerInstance: 'kafka.t3.small',
  brokerVolumeGb: 20,
  partitions: 6,
  replicationFactor: 2,
  minInsyncReplicas: 1,
  retentionDays: 7,
  brokerMonitoring: 'PER_TOPIC_PER_BROKER',
  kafkaAuth: 'iam',
  auth: 'iam',
  requestRate: 100,
  requestBurst: 200,
  page: false,
  ingestConcurrency: 10,
  intervalMinutes: 60,
  publishDelayMinutes: 30,
  speedTtlHours: 72,
  identityHorizonHours: 168,
  recentPosts: 20_000,
  archiveWindowSeconds: 30,
  aggregateWindowSeconds: 5,
  pollers: 1,
  batchSize: 5_000,
  sparkMaxVcpu: 16,
  sparkMaxMemoryGb: 64,
  sparkCores: 2,
  sparkMemoryGb: 6,
  sparkIdleMinutes: 5,
  sparkPollSeconds: 15,
  orchestrator: 'mwaa',
  airflowClass: 'mw1.micro',
  airflowWebserver: 'public',
  grafana: 'none',
  grafanaAuth: 'sso',
  deferrable: true,
  // A scraper costs about $29 a month before its first sample: CloudWatch's alarms are enough here.
  prometheus: 'none',
  tracing: true,
  metrics: 'all',
  dashboards: 'all',
  canaryMinutes: 0,
};

/**
 * About 100 posts a second for the least money, with data retained. What makes the bill at that rate is what runs whether
 * or not posts come, and then rows written: batches × their size. Hence few partitions, long windows, small states.
 */
const LEAN: PipelineConfig = {
  ...DEV,
  stage: 'lean',
  postsPerSecond: 100,
  removal: 'retain',
  logRetentionDays: 30,
  // A weekend's posts, two copies each, are 26 GB a broker at 100 a second.
  brokerVolumeGb: 40,
  retentionDays: 3,
  brokerMonitoring: 'DEFAULT',
  partitions: 3,
  recentPosts: 5_000,
  // At 100 a second a batch has its 6 MB before a minute is over: longer windows would save nothing.
  archiveWindowSeconds: 60,
  aggregateWindowSeconds: 60,
  // So that a window is ended by time or by the 6 MB of a batch, not by a count.
  batchSize: 10_000,
  // An environment and its NAT would be the largest part of the bill.
  orchestrator: 'mwaa-serverless',
  // Together they would cost three times as much as all functions.
  tracing: false,
  metrics: 'watched',
  dashboards: 'overview',
};

const PROD: PipelineConfig = {
  ...DEV,
  stage: 'prod',
  postsPerSecond: 1_000,
  // An outage of outageHours, and as long again to catch up: each day is 100 GiB a broker at that rate, and the lake has all records.
  retentionDays: 4,
  removal: 'retain',
  logRetentionDays: 90,
  availabilityZones: 3,
  natGateways: 2,
  brokers: 3,
  brokerInstance: 'kafka.m7g.large',
  brokerVolumeGb: 200,
  partitions: 12,
  replicationFactor: 3,
  minInsyncReplicas: 2,
  requestRate: 1_000,
  requestBurst: 2_000,
  ingestConcurrency: 100,
  publishDelayMinutes: 60,
  speedTtlHours: 168,
  recentPosts: 50_000,
  archiveWindowSeconds: 60,
  sparkMaxVcpu: 64,
  sparkMaxMemoryGb: 256,
  sparkCores: 4,
  sparkMemoryGb: 14,
  canaryMinutes: 5,
  airflowClass: 'mw1.small',
  airflowWebserver: 'private',
  grafana: 'managed',
  prometheus: 'managed',
};

/** One broker carries this: the local run starts one. */
const LOCAL: PipelineConfig = {
  ...DEV,
  stage: 'local',
  logRetentionDays: 1,
  partitions: 3,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  kafkaAuth: 'unsecured',
  auth: 'open',
  page: true,
  requestRate: 1_000,
  requestBurst: 2_000,
  // Twice what the load generator and the canary send at once: more than that is throttled, as it would be in AWS.
  ingestConcurrency: 20,
  intervalMinutes: 1,
  publishDelayMinutes: 5,
  speedTtlHours: 24,
  archiveWindowSeconds: 1,
  aggregateWindowSeconds: 0,
  sparkMaxVcpu: 4,
  sparkMaxMemoryGb: 16,
  sparkCores: 2,
  sparkMemoryGb: 1,
  sparkPollSeconds: 1,
  deferrable: false,
  canaryMinutes: 1,
};

/** What each stage is without overrides. */
export const DEFAULTS: Readonly<Record<Stage, PipelineConfig>> = { dev: DEV, lean: LEAN, prod: PROD, local: LOCAL };

/** Grants that neither a local run nor an AWS service uses, each with the reason for it. */
import { type Caller } from './callers';
import { type Grant } from './roles';

export interface Reserved {
  readonly reason: string;
  /** Where Spark is a views engine. @default - everywhere */
  readonly ofSpark?: true;
  /** @default - any */
  readonly callers?: readonly Caller[];
  readonly action: string;
  /** Part of the resource's ARN. @default - any resource */
  readonly resource?: string;
}

export const RESERVED: readonly Reserved[] = [
  {
    reason: 'a failed upload of a view in several parts is cleaned up at once, not by the lifecycle rule after a week',
    callers: ['spark'],
    action: 's3:AbortMultipartUpload',
  },
  {
    reason: 'without permission to list, a missing key is forbidden (403) instead of missing (404)',
    callers: ['reconcile'],
    action: 's3:ListBucket',
  },
  {
    reason: 'a run of many keys has chunks; an interval of the recorded run, whose layers are compared, has few keys',
    callers: ['reconcile'],
    action: 'cassandra:Select',
    resource: '/batch_runs',
  },
  {
    reason: 'the operator starts an application that has stopped; the local one never stops',
    callers: ['airflow', 'workflow'],
    ofSpark: true,
    action: 'emr-serverless:StartApplication',
  },
  {
    reason: 'the operator cancels the job of a stopped task',
    callers: ['airflow', 'workflow'],
    ofSpark: true,
    action: 'emr-serverless:CancelJobRun',
  },
  {
    reason: 'the link from a task to the Spark UI of its job',
    callers: ['airflow', 'workflow'],
    ofSpark: true,
    action: 'emr-serverless:GetDashboardForJobRun',
  },
  {
    reason: 'the bucket has versions, and no page documents whether the service reads the definition by its version',
    callers: ['workflow'],
    action: 's3:GetObjectVersion',
  },
];

export const reservedFor = (grant: Grant): Reserved | undefined =>
  RESERVED.find(({ callers, action }) => action === grant.action && (callers ?? [grant.caller]).includes(grant.caller));

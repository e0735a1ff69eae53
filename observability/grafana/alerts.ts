/**
 * Alert rules that Grafana itself evaluates: on the posts in the lake, which neither CloudWatch nor Prometheus sees. All
 * others are where their metrics are: CloudWatch's alarms, and the rules of `observability/prometheus/rules`.
 */
import {
  QueryBuilder,
  RuleBuilder,
  RuleGroupBuilder,
  NotificationSettingsBuilder,
} from '@grafana/grafana-foundation-sdk/alerting';
import { TypeThresholdBuilder } from '@grafana/grafana-foundation-sdk/expr';
import { type JsonObject } from '../../lambda/provision/grafana/core';
import { athena } from './queries';
import { articleAt, type Runbook } from './runbook';
import { DATA_SOURCES } from './sources';
import { DOUBLE_ROWS, IDLE_ROWS } from './sql';

/** The contact point to which all rules go: the topic of the pipeline's alarms. */
export const CONTACT_POINT = 'pipeline-alarms';

/** An hour: each evaluation is a query that is paid for, and the lake grows once an interval. */
export const INTERVAL_SECONDS = 3_600;

const GROUP = 'Posts in the lake';
const DAY_SECONDS = 86_400;

interface LakeAlert {
  /** Name of the alarm, and of its article in the runbook. */
  readonly name: string;
  readonly summary: string;
  /** One number; above 0 is wrong. */
  readonly sql: string;
  readonly severity: 'warning' | 'critical';
}

/** What must never be in the lake. */
export const LAKE_ALERTS: readonly LakeAlert[] = [
  {
    name: 'LakeDoubleRows',
    summary: 'Posts are in an interval more than once: views of the batch layer count them twice',
    sql: DOUBLE_ROWS,
    severity: 'critical',
  },
  {
    name: 'LakeIdleRows',
    summary: 'Rows without a new section are in the lake: the compaction writes what it should not',
    sql: IDLE_ROWS,
    severity: 'warning',
  },
];

/** The groups of rules as Grafana's provisioning API takes them. */
export function ruleGroups(folderUid: string, runbook: Runbook): JsonObject[] {
  const group = new RuleGroupBuilder(GROUP).folderUid(folderUid).interval(INTERVAL_SECONDS);
  for (const alert of LAKE_ALERTS) {
    group.withRule(rule(alert, folderUid, runbook));
  }
  return [JSON.parse(JSON.stringify(group.build())) as JsonObject];
}

function rule({ name, summary, sql, severity }: LakeAlert, folderUid: string, runbook: Runbook): RuleBuilder {
  const article = articleAt(runbook, name);
  return (
    new RuleBuilder(name)
      .uid(`pipeline-${name.toLowerCase()}`)
      .folderUID(folderUid)
      .ruleGroup(GROUP)
      .orgID(1)
      .withQuery(
        new QueryBuilder('A')
          .datasourceUid(DATA_SOURCES.athena.uid)
          .relativeTimeRange({ from: DAY_SECONDS, to: 0 })
          // A rule has no variables: it names the data source itself.
          .model(athena(sql, name).build('A', { type: DATA_SOURCES.athena.type, uid: DATA_SOURCES.athena.uid })),
      )
      .withQuery(
        new QueryBuilder('B').datasourceUid('__expr__').model(
          new TypeThresholdBuilder()
            .refId('B')
            .expression('A')
            .conditions([{ evaluator: { type: 'gt', params: [0] } }]),
        ),
      )
      .condition('B')
      .forDuration('0s')
      // No post for a day is no news of this rule: freshness has alarms of its own.
      .noDataState('OK')
      .execErrState('Error')
      .labels({ severity })
      .annotations({ summary, runbook: article.url ?? article.text })
      .notificationSettings(new NotificationSettingsBuilder().receiver(CONTACT_POINT))
  );
}

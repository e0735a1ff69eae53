/**
 * Alert rules that Grafana evaluates, on the posts in the lake, which neither CloudWatch nor Prometheus can read. All
 * others are with their metrics: CloudWatch's alarms, and the rules of `observability/prometheus/rules`.
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

/** The contact point of all rules: the topic of the pipeline's alarms. */
export const CONTACT_POINT = 'pipeline-alarms';

/** An hour, because each evaluation is a billed query, and the lake grows once per interval. */
export const INTERVAL_SECONDS = 3_600;

const GROUP = 'Posts in the lake';
const DAY_SECONDS = 86_400;

interface LakeAlert {
  /** Name of the alert, and of its article in the runbook. */
  readonly name: string;
  readonly summary: string;
  /** A query that returns one number. Above 0, the alert fires. */
  readonly sql: string;
  readonly severity: 'warning' | 'critical';
}

/** Conditions that must never occur in the lake. */
export const LAKE_ALERTS: readonly LakeAlert[] = [
  {
    name: 'LakeDoubleRows',
    summary: 'An interval contains posts more than once: the batch views count them twice',
    sql: DOUBLE_ROWS,
    severity: 'critical',
  },
  {
    name: 'LakeIdleRows',
    summary: 'The lake has rows without a new section, which the compaction must not write',
    sql: IDLE_ROWS,
    severity: 'warning',
  },
];

/** The rule groups in the format of Grafana's provisioning API. */
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
          // A rule has no variables, so it names the data source directly.
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
      // A day without posts must not fire this rule. Other alarms cover freshness.
      .noDataState('OK')
      .execErrState('Error')
      .labels({ severity })
      .annotations({ summary, runbook_url: article.url ?? article.text })
      .notificationSettings(new NotificationSettingsBuilder().receiver(CONTACT_POINT))
  );
}

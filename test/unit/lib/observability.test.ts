import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Template } from 'aws-cdk-lib/assertions';
import { dimensionsOf, METRIC_LIST, STEPS, type MetricName, type Step } from '../../../lambda/runtime/metrics';
import { VIEWS } from '../../../lambda/domain/views';
import { alarmMetrics, COMPOSITE_ALARMS, dashboards as dashboardCount, ownSeries } from '../../../tools/cost/watching';
import { COMPOSITES } from '../../../lib/constructs/alarm-list';
import { metricsOfLine } from '../../../tools/assembly/named-metrics';
import { type MetricId } from '../../../tools/assembly/alarm-terms';
import { synthesize } from '../../support/synth';
import { ROOT } from '../../../tools/kit/root';

const HOUR = 3_600_000;
const RUNBOOK = readFileSync(join(ROOT, 'docs', 'runbook.md'), 'utf8');

interface MetricStat {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: readonly unknown[];
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: MetricStat['Dimensions'];
  readonly Metrics?: readonly { readonly Expression?: string; readonly MetricStat?: { readonly Metric: MetricStat } }[];
}

const propertiesOf = <T>(template: Template, type: string): T[] =>
  Object.values(template.findResources(type)).map(({ Properties }) => Properties as T);

const alarmsOf = (template: Template) => propertiesOf<Alarm>(template, 'AWS::CloudWatch::Alarm');
const compositesOf = (template: Template) =>
  propertiesOf<{ AlarmName: string; AlarmRule: unknown; AlarmActions: unknown[]; AlarmDescription: string }>(
    template,
    'AWS::CloudWatch::CompositeAlarm',
  );

/** The metrics that an alarm reads. CloudWatch bills each. */
const metricsOfAlarm = (alarm: Alarm): readonly MetricStat[] =>
  alarm.Metrics
    ? alarm.Metrics.flatMap(({ MetricStat: stat }) => (stat ? [stat.Metric] : []))
    : [{ Namespace: alarm.Namespace!, MetricName: alarm.MetricName!, Dimensions: alarm.Dimensions }];

interface Body {
  readonly name: string;
  readonly widgets: readonly { readonly type: string; readonly properties: Readonly<Record<string, unknown>> }[];
}

/** The dashboards, with `<logical id>` for values that are known only at deployment. */
function dashboardsOf(template: Template): Body[] {
  const textOf = (part: unknown) => {
    if (typeof part === 'string') return part;
    const [[, target]] = Object.entries(part as Readonly<Record<string, unknown>>);
    return `<${String(target).split(':').pop()}>`;
  };
  return propertiesOf<{ DashboardName: string; DashboardBody: { 'Fn::Join': [string, unknown[]] } }>(
    template,
    'AWS::CloudWatch::Dashboard',
  ).map(({ DashboardName, DashboardBody }) => {
    const body = DashboardBody['Fn::Join'][1].map(textOf).join('');
    return { name: DashboardName, ...(JSON.parse(body) as { widgets: Body['widgets'] }) };
  });
}

/** The project's own metrics on a dashboard. */
const ownMetricsOf = ({ widgets }: Body, namespace: string): [string, MetricId['dimensions']][] =>
  widgets
    .flatMap(({ properties }) => (properties.metrics ?? []) as unknown[][])
    .flatMap(metricsOfLine)
    .filter((metric) => metric.namespace === namespace)
    .map(({ name, dimensions }) => [name, dimensions]);

/** Whether the list has this metric, with these dimensions, for this step. */
function isListed(name: string, dimensions: Readonly<Record<string, unknown>>): boolean {
  const metric = METRIC_LIST.find((each) => each.name === name);
  return (
    metric !== undefined &&
    Object.keys(dimensions).sort().join() === [...dimensionsOf(name as MetricName)].sort().join() &&
    metric.steps.includes(dimensions.step as Step) &&
    (!metric.perView || VIEWS.some((view) => view.name === dimensions.view))
  );
}

const prod = synthesize({ stage: 'prod' });
const dev = synthesize({ stage: 'dev' });
const lean = synthesize({ stage: 'lean' });
const idOf = ({ AlarmName }: { AlarmName: string }) => AlarmName.replace(/^pinterest-(prod|dev)-/, '');
const alarmOf = (id: string) => alarmsOf(prod.observability).find((alarm) => idOf(alarm) === id)!;

describe('every alarm', () => {
  const all = [...alarmsOf(prod.observability), ...compositesOf(prod.observability)];

  test('has a description with urgency, meaning and a link to its article', () => {
    for (const alarm of all) {
      expect(alarm.AlarmDescription).toMatch(
        new RegExp(`^(critical|warning): .{30,}\\. Runbook: docs/runbook\\.md#${idOf(alarm)}$`),
      );
    }
  });

  test('has an article with description, investigation and resolution, and each article an alarm', () => {
    const alarms = RUNBOOK.split(/^## /m).find((part) => part.startsWith('Alarms'))!;
    const articles = alarms.split(/^### /m).slice(1);
    expect(articles.map((text) => text.split('\n')[0]).sort()).toEqual(all.map(idOf).sort());
    for (const article of articles) {
      const parts = [...article.matchAll(/^\*\*(Description|Investigation|Resolution)\.\*\*/gm)].map(
        ([, name]) => name,
      );
      expect([article.split('\n')[0], parts]).toEqual([
        article.split('\n')[0],
        ['Description', 'Investigation', 'Resolution'],
      ]);
    }
  });

  test('evaluates two periods or more, and states how to treat missing data', () => {
    for (const alarm of alarmsOf(prod.observability)) {
      expect([alarm.AlarmName, alarm.EvaluationPeriods >= 2]).toEqual([alarm.AlarmName, true]);
      expect(['breaching', 'notBreaching', 'ignore']).toContain(alarm.TreatMissingData);
      expect(alarm.DatapointsToAlarm).toBeLessThanOrEqual(alarm.EvaluationPeriods);
    }
  });

  test('reads own metrics only from the list, and no more metrics than an alarm may have', () => {
    for (const alarm of alarmsOf(prod.observability)) {
      const metrics = metricsOfAlarm(alarm);
      expect(metrics.length).toBeLessThanOrEqual(10);
      for (const { Namespace, MetricName, Dimensions = [] } of metrics) {
        if (Namespace.startsWith('AWS/')) continue;
        const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
        expect(Namespace).toBe('PinterestPipeline/pinterest-prod');
        expect([MetricName, dimensions, isListed(MetricName, dimensions)]).toEqual([MetricName, dimensions, true]);
      }
    }
  });

  test('notifies the topic directly or through its composite alarm, never twice', () => {
    const rules = compositesOf(prod.observability).map(({ AlarmRule }) => JSON.stringify(AlarmRule));
    const logicalIds = Object.entries(prod.observability.findResources('AWS::CloudWatch::Alarm'));
    for (const [logicalId, { Properties }] of logicalIds) {
      const within = rules.filter((rule) => rule.includes(`"${logicalId}"`)).length;
      expect([logicalId, within, (Properties as Alarm).AlarmActions?.length ?? 0]).toEqual([
        logicalId,
        within,
        1 - within,
      ]);
    }
    for (const { AlarmActions } of compositesOf(prod.observability)) expect(AlarmActions).toHaveLength(1);
  });
});

describe('the alarms', () => {
  test('on the time boundary fire at half the TTL of speed rows or the retention of the topic, and earlier when it is late', () => {
    const { speedTtlHours, retentionDays, intervalMinutes, publishDelayMinutes } = prod.config;
    expect(retentionDays * 24).toBeLessThan(speedTtlHours);
    expect(alarmOf('boundary-stuck')).toMatchObject({
      MetricName: 'boundaryAge',
      Dimensions: [{ Name: 'step', Value: 'canary' }],
      Threshold: (retentionDays * 24 * HOUR) / 2,
      TreatMissingData: 'breaching',
    });
    expect(alarmOf('boundary-late').Threshold).toBe((intervalMinutes + publishDelayMinutes) * 60_000);
    expect(alarmOf('boundary-late').Threshold).toBeLessThan(alarmOf('boundary-stuck').Threshold);
  });

  test('on the canary fire when the last one is not visible, and when nothing is reported', () => {
    expect(prod.config.canaryMinutes).toBe(5);
    expect(alarmOf('canary-speed')).toMatchObject({
      Threshold: 660_000,
      EvaluationPeriods: 2,
      TreatMissingData: 'breaching',
    });
  });

  test('on metrics that must be 0 fire on the first other value, positive or negative', () => {
    for (const id of ['drift', 'gap', 'dropped']) {
      expect(alarmOf(id)).toMatchObject({ Threshold: 0, DatapointsToAlarm: 1 });
    }
    const { Metrics } = alarmOf('dropped');
    expect(Metrics!.find(({ Expression }) => Expression)!.Expression).toBe(
      'ABS(FILL(ingest, 0)) + ABS(FILL(archive, 0)) + ABS(FILL(aggregate, 0)) + ABS(FILL(seal, 0)) + ' +
        'ABS(FILL(compact, 0)) + ABS(FILL(publish, 0)) + ABS(FILL(reconcile, 0)) + ABS(FILL(query, 0))',
    );
  });

  test('on the quarantine fire on a share, and on a count that a small share of many records has', () => {
    expect(alarmOf('quarantine-trickle')).toMatchObject({
      MetricName: 'quarantined',
      Dimensions: [{ Name: 'step', Value: 'archive' }],
      Statistic: 'Sum',
      Period: 3600,
      Threshold: 50,
      DatapointsToAlarm: 1,
    });
  });

  test('have one composite for wrong and one for late query results', () => {
    const members = (id: string) => {
      const composite = compositesOf(prod.observability).find((each) => idOf(each) === id)!;
      const ids = prod.observability.findResources('AWS::CloudWatch::Alarm');
      return Object.entries(ids)
        .filter(([logicalId]) => JSON.stringify(composite.AlarmRule).includes(`"${logicalId}"`))
        .map(([, { Properties }]) => idOf(Properties as Alarm))
        .sort();
    };
    expect(members(COMPOSITES.wrong.id)).toEqual(['boundary-stuck', 'drift', 'dropped', 'gap', 'quarantine-burst']);
    expect(members(COMPOSITES.late.id)).toEqual(
      ['aggregate', 'archive']
        .flatMap((step) => ['lag', 'late', 'stuck'].map((what) => `${step}-${what}`))
        .concat('boundary-late', 'canary-batch', 'canary-speed'),
    );
  });

  test('on metrics of the canary are left out without a canary', () => {
    const ids = (template: Template) => alarmsOf(template).map(idOf);
    expect(dev.config.canaryMinutes).toBe(0);
    expect(ids(prod.observability).filter((id) => !ids(dev.observability).includes(id))).toEqual([
      'boundary-stuck',
      'boundary-late',
      'canary-speed',
      'canary-batch',
    ]);
  });

  test('are as many, and read as many metrics, as the runbook counts for their cost', () => {
    const cost = ({ observability }: typeof prod) => ({
      alarms: alarmsOf(observability).length,
      metrics: alarmsOf(observability).reduce((sum, alarm) => sum + metricsOfAlarm(alarm).length, 0),
      dashboards: dashboardsOf(observability).length,
    });
    for (const templates of [dev, lean, prod]) {
      const { config } = templates;
      const counted = cost(templates);
      expect(counted).toMatchObject({ metrics: alarmMetrics(config), dashboards: dashboardCount(config) });
      const [row] = RUNBOOK.match(new RegExp(`^\\| ${config.stage} .*$`, 'm'))!;
      expect(row.match(/\d+/g)!.map(Number)).toEqual([
        ownSeries(config),
        counted.alarms,
        counted.metrics,
        COMPOSITE_ALARMS,
        counted.dashboards,
      ]);
    }
  });
});

describe('the topic', () => {
  test('accepts messages over TLS only, from the alarms of this account and from its Prometheus workspace', () => {
    const [{ PolicyDocument }] = propertiesOf<{
      PolicyDocument: { Statement: readonly Readonly<Record<string, unknown>>[] };
    }>(prod.observability, 'AWS::SNS::TopicPolicy');
    expect(PolicyDocument.Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sns:Publish',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
      expect.objectContaining({
        Sid: 'ManagedPrometheus',
        Effect: 'Allow',
        Action: ['sns:GetTopicAttributes', 'sns:Publish'],
        Principal: { Service: 'aps.amazonaws.com' },
        Condition: {
          ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [expect.stringMatching(/^PrometheusWorkspace/), 'Arn'] } },
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        },
      }),
    ]);
    const [topic] = propertiesOf<Record<string, unknown>>(prod.observability, 'AWS::SNS::Topic');
    // With the key aws/sns, alarms could not publish.
    expect(topic.KmsMasterKeyId).toBeUndefined();
  });

  test('has a subscriber, and alarms have another runbook link, where the config says so', () => {
    prod.observability.resourceCountIs('AWS::SNS::Subscription', 0);
    const { observability } = synthesize({
      stage: 'dev',
      alarmEmail: 'ops@example.org',
      runbookUrl: 'https://example.org/runbook',
    });
    observability.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.org' });
    const [drift] = alarmsOf(observability).filter((alarm) => idOf(alarm) === 'drift');
    expect(drift.AlarmDescription).toMatch(/Runbook: https:\/\/example\.org\/runbook#drift$/);
  });
});

describe('a channel and a budget', () => {
  let templates: ReturnType<typeof synthesize>;
  beforeAll(() => {
    templates = synthesize({
      stage: 'dev',
      slackWorkspace: 'T0123ABCD',
      slackChannel: 'C0123ABCD',
      monthlyBudgetUsd: 500,
    });
  }, 60_000);
  const topic = { Ref: expect.stringMatching(/^AlarmsTopic/) };

  test('are there only where the config says so', () => {
    prod.observability.resourceCountIs('AWS::Chatbot::SlackChannelConfiguration', 0);
    prod.observability.resourceCountIs('AWS::Budgets::Budget', 0);
  });

  test('post the alarms in Slack, where people can read metrics at most', () => {
    const [channel] = propertiesOf<Record<string, unknown>>(
      templates.observability,
      'AWS::Chatbot::SlackChannelConfiguration',
    );
    expect(channel).toMatchObject({
      SlackWorkspaceId: 'T0123ABCD',
      SlackChannelId: 'C0123ABCD',
      SnsTopicArns: [topic],
    });
    expect(JSON.stringify(channel.GuardrailPolicies)).toContain('CloudWatchReadOnlyAccess');
  });

  test('notify the topic of a forecast and of a bill above the budget, which the topic accepts', () => {
    const [budget] = propertiesOf<Record<string, unknown>>(templates.observability, 'AWS::Budgets::Budget');
    expect(budget).toMatchObject({
      Budget: {
        BudgetLimit: { Amount: 500, Unit: 'USD' },
        TimeUnit: 'MONTHLY',
        FilterExpression: { Tags: { Key: 'project', Values: ['pinterest'] } },
      },
      NotificationsWithSubscribers: ['FORECASTED', 'ACTUAL'].map((NotificationType) => ({
        Notification: { NotificationType, Threshold: 100 },
        Subscribers: [{ SubscriptionType: 'SNS', Address: topic }],
      })),
    });
    const [{ PolicyDocument }] = propertiesOf<{ PolicyDocument: unknown }>(
      templates.observability,
      'AWS::SNS::TopicPolicy',
    );
    expect(JSON.stringify(PolicyDocument)).toContain('"Principal":{"Service":"budgets.amazonaws.com"}');
  });
});

describe('dashboards', () => {
  const bodies = dashboardsOf(prod.observability);
  const namespace = 'PinterestPipeline/pinterest-prod';

  test('are an overview and one per step, with fixed names', () => {
    expect(bodies.map(({ name }) => name)).toEqual(['overview', ...STEPS].map((id) => `pinterest-prod-${id}`));
    expect(dashboardsOf(dev.observability).map(({ name }) => name)).not.toContain('pinterest-dev-canary');
  });

  test('are only the overview where the config says so, and it has no links', () => {
    const [overview, ...others] = dashboardsOf(lean.observability);
    expect({ name: overview.name, others, counted: dashboardCount(lean.config) }).toEqual({
      name: 'pinterest-lean-overview',
      others: [],
      counted: 1,
    });
    expect(String(overview.widgets[0].properties.markdown)).not.toContain('dashboards/');
  });

  test('and alarms of a stage with only the alarmed metrics name exactly these', () => {
    const { config, observability } = lean;
    expect(config.metrics).toBe('alarmed');
    const own = `PinterestPipeline/pinterest-lean`;
    const shown = dashboardsOf(observability).flatMap((body) => ownMetricsOf(body, own).map(([name]) => name));
    const read = alarmsOf(observability)
      .flatMap(metricsOfAlarm)
      .filter(({ Namespace }) => Namespace === own);
    const named = new Set([...shown, ...read.map(({ MetricName: name }) => name)]);
    const ofSteps = METRIC_LIST.filter(({ alarmed, steps }) => alarmed && steps.some((step) => step !== 'canary'));
    expect([...named].sort()).toEqual(ofSteps.map(({ name }) => name).sort());
  });

  test('show only metrics of the list, and together all of them', () => {
    const shown = bodies.flatMap((body) => ownMetricsOf(body, namespace));
    for (const [name, dimensions] of shown) {
      expect([name, dimensions, isListed(name, dimensions)]).toEqual([name, dimensions, true]);
    }
    const found = new Set(shown.map(([name, { step, view }]) => [name, step, view].join()));
    const listed = METRIC_LIST.flatMap(({ name, steps, perView }) =>
      steps.flatMap((step) =>
        perView ? VIEWS.map((view) => [name, step, view.name].join()) : [[name, step, undefined].join()],
      ),
    );
    expect(listed.filter((each) => !found.has(each))).toEqual([]);
  });

  test('of a step show every metric of the step', () => {
    for (const step of STEPS) {
      const body = bodies.find(({ name }) => name.endsWith(`-${step}`))!;
      const shown = new Set(ownMetricsOf(body, namespace).map(([name]) => name));
      const listed = METRIC_LIST.filter(({ steps }) => steps.includes(step)).map(({ name }) => name);
      expect([step, listed.filter((name) => !shown.has(name))]).toEqual([step, []]);
    }
  });

  test('link to each other: every link is a dashboard, and every dashboard has a link to every other', () => {
    const names = bodies.map(({ name }) => name);
    for (const { name, widgets } of bodies) {
      const text = String(widgets[0].properties.markdown);
      const targets = [...text.matchAll(/#dashboards\/dashboard\/([\w-]+)\)/g)].map(([, target]) => target);
      expect(targets.sort()).toEqual(names.filter((each) => each !== name).sort());
    }
  });

  test('have the four headings on the overview, and show the state of every alarm', () => {
    const [{ widgets }] = bodies;
    const headings = widgets
      .map(({ properties }) => properties.markdown)
      .filter((text) => String(text).startsWith('##'));
    expect(headings).toEqual(['## Healthy?', '## Fresh?', '## Complete?', '## What drives the bill?']);
    const [composites, alarms] = widgets.filter(({ type }) => type === 'alarm');
    expect(composites.properties.alarms).toHaveLength(2);
    expect(alarms.properties.alarms).toHaveLength(alarmsOf(prod.observability).length);
  });
});

test('saved queries read the logs of every function', () => {
  const queries = propertiesOf<{ Name: string; QueryString: string; LogGroupNames: unknown[] }>(
    prod.observability,
    'AWS::Logs::QueryDefinition',
  );
  expect(queries.map(({ Name }) => Name)).toEqual(
    ['errors', 'unaccounted records', 'drift by view', 'rates by step', 'slowest'].map(
      (name) => `pinterest-prod/${name}`,
    ),
  );
  for (const { LogGroupNames } of queries) expect(LogGroupNames).toHaveLength(STEPS.length);
});

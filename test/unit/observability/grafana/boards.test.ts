/** Every board: Grafana accepts it, people can read it, and it queries only metrics that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BOARDS, contentOf, FOLDER_UID } from '../../../../observability/grafana';
import { AWS_METRICS, CONSTANTS } from '../../../../observability/grafana/aws-metrics';
import { TAG } from '../../../../observability/grafana/board';
import { CONTACT_POINT, LAKE_ALERTS } from '../../../../observability/grafana/alerts';
import { importable } from '../../../../observability/grafana/importable';
import { UNITS } from '../../../../observability/grafana/queries';
import { anchorOf } from '../../../../observability/grafana/runbook';
import { DATA_SOURCES, type DataSource } from '../../../../observability/grafana/sources';
import { type JsonObject, marked } from '../../../../lambda/provision/grafana/core';
import { dimensionsOf, METRIC_LIST, METRICS, type MetricName } from '../../../../lambda/runtime/metrics';
import { RULES_FOLDER } from '../../../../observability/prometheus/scrape';
import { synthesize } from '../../../support/synth';
import { checkDashboardCommand, checkRuleGroup } from '../../../../tools/rehearsal/grafana/payloads';

/** The namespace of the deployment. */
const METRIC_NAMESPACE = '${namespace}';
const RUNBOOK = 'https://git.example/docs/runbook.md';
const WITHOUT = contentOf('Pipeline', {});
const WITH = contentOf('Pipeline', { url: RUNBOOK });

interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr?: string;
  readonly rawSQL?: string;
  readonly namespace?: string;
  readonly metricName?: string;
  readonly statistic?: string;
  readonly label?: string;
  readonly dimensions?: Readonly<Record<string, readonly string[]>>;
}
interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: Place;
  readonly targets?: readonly Target[];
  readonly links?: readonly { readonly url: string }[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: { steps: { value: number | null; color: string }[] };
    };
  };
}
interface BoardJson {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly PanelJson[];
  readonly templating: {
    readonly list: readonly { name: string; type: string; query: string; current: { value: string } }[];
  };
  readonly links: readonly { readonly type: string; readonly tags?: readonly string[]; readonly url?: string }[];
  readonly tags: readonly string[];
}

const boardsOf = (content: typeof WITH) => content.dashboards as unknown as readonly BoardJson[];
const named = boardsOf(WITH).map((board) => [board.uid, board] as const);
const panelsOf = (board: BoardJson) => board.panels.filter(({ type }) => type !== 'row');
const targets = boardsOf(WITH).flatMap((board) => panelsOf(board).flatMap((panel) => panel.targets ?? []));

const rules = readdirSync(RULES_FOLDER)
  .map((file) => readFileSync(join(RULES_FOLDER, file), 'utf8'))
  .join('\n');
const recorded = [...rules.matchAll(/- record: (\S+)/g)].map(([, name]) => name);
let alarms: readonly string[];
beforeAll(() => {
  // Each description of a CloudWatch alarm ends with its article.
  const template = JSON.stringify(synthesize({ stage: 'prod' }).observability.toJSON());
  alarms = [
    ...[...rules.matchAll(/- alert: (\S+)/g)].map(([, name]) => name),
    ...[...template.matchAll(/Runbook: [^"#]*#([\w-]+)"/g)].map(([, name]) => name),
    ...LAKE_ALERTS.map(({ name }) => name),
  ];
}, 60_000);

test('there are eight, each with its own uid and title', () => {
  expect(BOARDS.map(({ name }) => name)).toEqual([
    'overview',
    'ingest',
    'kafka',
    'batch',
    'speed',
    'store',
    'quality',
    'cost',
  ]);
  expect(new Set(named.map(([uid]) => uid)).size).toBe(8);
  expect(new Set(named.map(([, { title }]) => title)).size).toBe(8);
});

test("use no data source that Grafana's own plugins lack, unless its plugin is installed", () => {
  expect(WITH.plugins).toEqual(['grafana-athena-datasource', 'grafana-amazonprometheus-datasource']);
  // Grafana's own source for Prometheus is deprecated for signed requests.
  expect(JSON.stringify(WITH)).not.toContain('"prometheus"');
});

test('are the same each time they are built', () => {
  expect(JSON.stringify(contentOf('Pipeline', { url: RUNBOOK }))).toBe(JSON.stringify(WITH));
});

describe.each(named)('%s', (_uid, board) => {
  test('is accepted by Grafana, marked, and read-only in the browser', () => {
    const body = marked({ kind: 'dashboard', body: board as unknown as JsonObject });
    const { dashboard } = checkDashboardCommand({
      dashboard: { ...body, id: null },
      folderUid: FOLDER_UID,
      overwrite: true,
    });
    expect(dashboard).toMatchObject({ schemaVersion: 42, editable: false, timezone: 'utc' });
  });

  test('has its panels on the grid, without overlaps', () => {
    const places = board.panels.map(({ gridPos }) => gridPos);
    for (const { x, y, w, h } of places) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x + w).toBeLessThanOrEqual(24);
      expect(Math.min(y, w - 1, h - 1)).toBeGreaterThanOrEqual(0);
    }
    const over = (a: Place, b: Place) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    const pairs = places.flatMap((a, i) => places.slice(i + 1).map((b) => [a, b] as const));
    expect(pairs.filter(([a, b]) => over(a, b))).toEqual([]);
  });

  test('has a description, a unit and a query on each panel', () => {
    for (const panel of panelsOf(board)) {
      expect(panel.description).toMatch(/\.$/);
      expect(Object.values(UNITS)).toContain(panel.fieldConfig?.defaults.unit);
      const refIds = panel.targets?.map(({ refId }) => refId) ?? [];
      expect(refIds.length).toBeGreaterThan(0);
      expect(new Set(refIds).size).toBe(refIds.length);
    }
  });

  test('has one colour per meaning, and ascending limits', () => {
    for (const panel of panelsOf(board)) {
      const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
      expect(steps[0].value).toBeNull();
      const values = steps.slice(1).map(({ value }) => value as number);
      expect(values).toEqual([...values].sort((a, b) => a - b));
      expect(['green', 'orange', 'red']).toEqual(expect.arrayContaining(steps.map(({ color }) => color)));
      expect(steps.some(({ color }) => color === 'green')).toBe(true);
    }
  });

  test('has the variables that it uses, and no others', () => {
    const used = new Set([...JSON.stringify(board.panels).matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
    const declared = board.templating.list.map(({ name }) => name);
    expect([...used].sort()).toEqual([...declared].sort());
    const known: readonly string[] = [...Object.keys(DATA_SOURCES), ...Object.keys(CONSTANTS)];
    expect(known).toEqual(expect.arrayContaining(declared));
  });

  test('starts with the deployed data sources', () => {
    for (const { name, query, current } of board.templating.list.filter(({ type }) => type === 'datasource')) {
      const source: DataSource = DATA_SOURCES[name as keyof typeof DATA_SOURCES];
      expect({ query, uid: current.value }).toEqual({ query: source.type, uid: source.uid });
    }
  });

  test('links to all others, and its panels link to articles of existing alarms', () => {
    expect(board.links).toContainEqual(expect.objectContaining({ type: 'dashboards', tags: [TAG] }));
    expect(board.tags).toContain(TAG);
    const anchors = alarms.map((alarm) => `${RUNBOOK}#${anchorOf(alarm)}`);
    for (const { url } of panelsOf(board).flatMap(({ links = [] }) => links)) {
      expect(anchors).toContain(url);
    }
    expect(board.links.flatMap(({ url }) => (url ? [url] : []))).toEqual([RUNBOOK]);
  });

  test('requests the names of a deployment when it is imported by hand', () => {
    const shared = importable(board as unknown as JsonObject) as unknown as BoardJson & {
      __inputs: { name: string }[];
    };
    const constants = shared.templating.list.filter(({ type }) => type === 'constant');
    expect(shared.__inputs.map(({ name }) => `\${${name}}`)).toEqual(constants.map(({ query }) => query));
    expect(shared.panels).toEqual(board.panels);
  });
});

test('without a URL of the runbook there is no link, and panels name the file', () => {
  const text = JSON.stringify(WITHOUT);
  expect(text).not.toContain('http');
  expect(text).toContain('docs/runbook.md#kafkaofflinepartitions');
});

describe('a query', () => {
  const services: readonly { namespace: string; dimensions: readonly string[]; metrics: readonly string[] }[] =
    Object.values(AWS_METRICS);

  test.each(targets.filter(({ namespace }) => namespace === METRIC_NAMESPACE))(
    'of own metric $metricName of $dimensions.step names a metric that the step reports',
    ({ metricName, dimensions = {}, statistic }) => {
      const steps: readonly string[] = METRICS[metricName as MetricName].steps;
      expect(steps).toContain(dimensions['step'][0]);
      expect(Object.keys(dimensions)).toEqual(dimensionsOf(metricName as MetricName));
      // A sum of states has no meaning.
      expect(METRICS[metricName as MetricName].kind === 'counter').toBe(statistic === 'Sum');
    },
  );

  test('of an AWS metric names a listed one, with all its dimensions', () => {
    const queried = targets.filter(({ namespace }) => namespace !== undefined && namespace !== METRIC_NAMESPACE);
    expect(queried.length).toBeGreaterThan(20);
    for (const { namespace, metricName, dimensions = {} } of queried) {
      const names = Object.keys(dimensions);
      const service = services.find(
        (each) =>
          each.namespace === namespace &&
          each.metrics.includes(metricName ?? '') &&
          each.dimensions.length === names.length,
      );
      expect({ metricName, names }).toEqual({
        metricName,
        names: expect.arrayContaining([...(service?.dimensions ?? ['unknown'])]),
      });
    }
  });

  test('of Prometheus reads only recording rules', () => {
    const expressions = targets.flatMap(({ expr }) => expr ?? []);
    expect(expressions.length).toBeGreaterThan(15);
    for (const expression of expressions) {
      const [, name] = /^(?:max\()?([a-z]+:\w+:\w+)\)?$/.exec(expression) ?? [];
      expect({ expression, recorded: recorded.includes(name) }).toEqual({ expression, recorded: true });
    }
  });

  test('uses the data source of its kind', () => {
    for (const { datasource, expr, rawSQL, namespace } of targets) {
      const source = expr ? 'amp' : rawSQL ? 'athena' : namespace ? 'cloudwatch' : 'none';
      expect(datasource).toEqual({ type: DATA_SOURCES[source as 'amp'].type, uid: `\${${source}}` });
    }
  });

  test('exists for every metric that functions report, every recording rule and every listed AWS metric', () => {
    const queried = targets.map(({ namespace, metricName }) => `${namespace} ${metricName}`);
    const text = JSON.stringify(targets);
    expect(
      METRIC_LIST.map(({ name }) => name).filter((name) => !queried.includes(`${METRIC_NAMESPACE} ${name}`)),
    ).toEqual([]);
    expect(recorded.filter((name) => !text.includes(name))).toEqual([]);
    const listed = services.flatMap(({ namespace, metrics }) => metrics.map((name) => `${namespace} ${name}`));
    expect(listed.filter((name) => !queried.includes(name))).toEqual([]);
  });
});

describe('an alert rule', () => {
  const [group] = WITH.ruleGroups;

  test('is accepted by Grafana, and evaluated once an hour', () => {
    const known = { sources: new Set([DATA_SOURCES.athena.uid]), receivers: new Set([CONTACT_POINT]) };
    expect(checkRuleGroup(marked({ kind: 'ruleGroup', body: group }), known)).toMatchObject({ interval: 3_600 });
    expect(() => checkRuleGroup(group, { ...known, sources: new Set() })).toThrow(
      'data source pipeline-athena not found',
    );
  });

  test('has an article, a severity and a query for one number', () => {
    const all = group['rules'] as unknown as {
      title: string;
      labels: object;
      annotations: object;
      data: { model: Target }[];
    }[];
    expect(all.map(({ title }) => title)).toEqual(LAKE_ALERTS.map(({ name }) => name));
    for (const rule of all) {
      expect(rule.annotations).toMatchObject({ runbook_url: `${RUNBOOK}#${anchorOf(rule.title)}` });
      expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(warning|critical)$/) });
      expect(rule.data[0].model.rawSQL).toMatch(/^SELECT .+ AS "?\w+"?\nFROM posts\nWHERE interval_start >= /);
    }
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES_FOLDER } from '../../../observability/prometheus/scrape';
import { synthesize, type Templates } from '../../support/synth';
import { render, resource, resources } from '../../support/templates';

let templates: Templates;
beforeAll(() => {
  templates = synthesize({ stage: 'prod' });
}, 60_000);

const shown = (value: unknown) => render(value, templates.all);
const properties = (type: string, prefix = 'Prometheus') =>
  resource(templates.observability, type, prefix).Properties as Record<string, Record<string, unknown>>;

/** The configuration of the scraper, with example names for those that are known only at deployment. */
function scrapeConfiguration(): { scrape_configs: Record<string, unknown>[] } {
  const { ConfigurationBlob: blob } = properties('AWS::APS::Scraper').ScrapeConfiguration as {
    ConfigurationBlob: { 'Fn::Base64': unknown };
  };
  const text = shown(blob['Fn::Base64'])
    .replaceAll('{PrometheusNodeNames.Brokers}', '["b-1.x","b-2.x"]')
    .replaceAll('{PrometheusNodeNames.Controllers}', '["c-1.x"]');
  return JSON.parse(text) as { scrape_configs: Record<string, unknown>[] };
}

describe('Managed Prometheus', () => {
  test('exists where the config says so', () => {
    const { observability } = synthesize({ stage: 'dev' });
    for (const type of ['Workspace', 'Scraper', 'RuleGroupsNamespace']) {
      expect(resources(observability, `AWS::APS::${type}`)).toEqual({});
    }
  });

  test("links each alert to its article, beside the runbook's URL", () => {
    const { observability } = synthesize({ stage: 'prod', runbookUrl: 'https://git.example/p/docs/runbook.md' });
    const links = Object.values(resources(observability, 'AWS::APS::RuleGroupsNamespace')).flatMap(({ Properties }) => [
      ...(Properties.Data as string).matchAll(/runbook_url: (.*)#/g),
    ]);
    expect(new Set(links.map(([, link]) => link))).toEqual(new Set(['https://git.example/p/docs/runbook-kafka.md']));
  });

  test('has the rule files unchanged', () => {
    const found = Object.values(resources(templates.observability, 'AWS::APS::RuleGroupsNamespace'));
    const files = readdirSync(RULES_FOLDER);
    expect(found.map(({ Properties }) => [`${Properties.Name as string}.yaml`, Properties.Data])).toEqual(
      files.map((file) => [file, readFileSync(join(RULES_FOLDER, file), 'utf8')]),
    );
  });

  test('sends alerts to the topic of all alarms, which other workspaces may not', () => {
    expect(shown(properties('AWS::APS::Workspace').AlertManagerDefinition)).toMatch(
      /^alertmanager_config: \|\n {2}route:\n {4}receiver: alarms\n[^]*topic_arn: \{AlarmsTopic\}\n/,
    );
    const { PolicyDocument } = resource(templates.observability, 'AWS::SNS::TopicPolicy').Properties as {
      PolicyDocument: { Statement: Record<string, unknown>[] };
    };
    const statement = PolicyDocument.Statement.find(({ Sid }) => Sid === 'ManagedPrometheus')!;
    expect(statement).toMatchObject({
      Principal: { Service: 'aps.amazonaws.com' },
      Action: ['sns:GetTopicAttributes', 'sns:Publish'],
    });
    const { ArnEquals } = statement.Condition as Record<string, Record<string, unknown>>;
    expect(shown(ArnEquals['aws:SourceArn'])).toBe('{PrometheusWorkspace.Arn}');
  });

  test('scrapes the brokers and the controllers, each at the ports of its exporters', () => {
    const [jmx, node] = scrapeConfiguration().scrape_configs;
    expect(jmx).toMatchObject({
      job_name: 'jmx',
      dns_sd_configs: [
        { names: ['b-1.x', 'b-2.x'], type: 'A', port: 11001 },
        { names: ['c-1.x'], type: 'A', port: 11001 },
      ],
    });
    expect(node).toMatchObject({
      job_name: 'node',
      dns_sd_configs: [{ names: ['b-1.x', 'b-2.x'], type: 'A', port: 11002 }],
    });
  });

  test('reaches the exporters and nothing else', () => {
    const rules = (type: string, other: string) =>
      Object.values(resources(templates.observability, type)).map(({ Properties }) => [
        shown(Properties.GroupId),
        shown(Properties[other]),
        Properties.FromPort,
        Properties.ToPort,
      ]);
    const [scraper, brokers] = ['{PrometheusScraperGroup.GroupId}', '{KafkaBrokers.GroupId}'];
    expect(rules('AWS::EC2::SecurityGroupEgress', 'DestinationSecurityGroupId')).toEqual([
      [scraper, brokers, 11001, 11001],
      [scraper, brokers, 11002, 11002],
    ]);
    expect(rules('AWS::EC2::SecurityGroupIngress', 'SourceSecurityGroupId')).toEqual([
      [brokers, scraper, 11001, 11001],
      [brokers, scraper, 11002, 11002],
    ]);
  });

  test('looks the brokers up again when their number changes', () => {
    const { Brokers, Cluster } = properties('Custom::MskNodes');
    expect(Brokers).toBe(3);
    expect(shown(Cluster)).toBe('{KafkaCluster}');
  });
});

import { type Stack } from '../../../../tools/assembly/cloud-assembly';
import { needsOf } from '../../../../tools/preflight/needs';
import { parsePreflightOptions } from '../../../../tools/preflight/options';
import { synthesized } from '../../../support/synth';

const needsOfStage = (overrides: Readonly<Record<string, unknown>>) => needsOf(synthesized(overrides).stacks);

const total = (needs: ReturnType<typeof needsOf>) => {
  const sum = (key: 'brokers' | 'addresses' | 'vpcs' | 'concurrency' | 'sparkVcpus') =>
    needs.stacks.reduce((all, stack) => all + stack[key], 0);
  return [sum('brokers'), sum('addresses'), sum('vpcs'), sum('concurrency'), sum('sparkVcpus')];
};

test('needs follow the configuration through the templates', () => {
  const prod = needsOfStage({ stage: 'prod', brokers: 6, natGateways: 3, ingestConcurrency: 70, sparkMaxVcpu: 32 });
  expect(total(prod)).toEqual([6, 3, 1, 70, 32]);
  expect(prod.brokerTypes).toEqual(['m7g.large']);
  expect(prod.bootstrapParameter).toBe('/cdk-bootstrap/hnb659fds/version');
  expect(prod.bootstrapRejected).toContain('5');

  const dev = needsOfStage({ stage: 'dev', project: 'mine' });
  expect(total(dev)).toEqual([2, 1, 1, 10, 0]);
  expect(dev.brokerTypes).toEqual(['t3.small']);
  expect(dev.stacks.map(({ name }) => name)).toContain('mine-dev-storage');
});

test('names are the fixed ones of the templates', () => {
  const { names } = needsOfStage({ stage: 'dev', project: 'mine' });
  expect(names).toEqual(
    expect.arrayContaining([
      { type: 'AWS::Cassandra::Keyspace', name: 'mine_dev', stack: 'mine-dev-storage' },
      { type: 'AWS::Logs::LogGroup', name: 'airflow-mine-dev-Task', stack: 'mine-dev-orchestration' },
      { type: 'AWS::MWAA::Environment', name: 'mine-dev', stack: 'mine-dev-orchestration' },
    ]),
  );
  expect(names.map(({ type }) => type)).not.toContain('AWS::Cassandra::Table');
});

describe('Grafana', () => {
  const withWorkspace = (properties: Readonly<Record<string, unknown>>): Stack => ({
    name: 'stack',
    template: {
      Parameters: { BootstrapVersion: { Type: 'String', Default: '/cdk-bootstrap/other/version' } },
      Resources: { Workspace: { Type: 'AWS::Grafana::Workspace', Properties: properties } },
    },
  });

  test('needs Identity Center if its users log in through it', () => {
    expect(needsOf([withWorkspace({ AuthenticationProviders: ['AWS_SSO'] })]).identityCenter).toBe(true);
    expect(needsOf([withWorkspace({ AuthenticationProviders: ['SAML'] })]).identityCenter).toBe(false);
  });

  test('needs its service-linked role in a network only', () => {
    expect(needsOf([withWorkspace({})]).serviceRoles).toEqual([]);
    expect(needsOf([withWorkspace({ VpcConfiguration: {} })]).serviceRoles).toEqual([
      { name: 'AWSServiceRoleForAmazonGrafana', service: 'grafana.amazonaws.com' },
    ]);
  });
});

test('templates without a bootstrap version are rejected', () => {
  expect(() => needsOf([{ name: 'stack', template: {} }])).toThrow('no template has the parameter BootstrapVersion');
});

describe('the command line', () => {
  test('accepts a stage and keys of the configuration', () => {
    expect(parsePreflightOptions(['--stage', 'prod', '-c', 'region=eu-west-1'])).toMatchObject({
      stage: 'prod',
      region: 'eu-west-1',
    });
    expect(parsePreflightOptions([])).toMatchObject({ stage: 'dev' });
  });

  test.each([
    [['--stage', 'local'], /^--stage must be one of dev, .*prod, got 'local'$/],
    [['--stag', 'dev'], /^Unknown option '--stag': allowed are --stage, -c key=value, --help$/],
    [['-c', 'region'], /^-c must be key=value, got 'region'$/],
    [['-c', 'stage=prod'], /^-c must not set stage, got 'stage=prod': use --stage$/],
    [
      ['-c', 'region=europe'],
      /^region must be a region that CDK knows, with endpoints under amazonaws.com, like eu-central-1, got 'europe'$/,
    ],
    [['-c', 'account=12'], /^account must be 12 digits, got '12'$/],
  ])('%j is rejected in one line', (argv, message) => {
    expect(() => parsePreflightOptions(argv)).toThrow(message);
  });
});

import { synthesize, type Templates } from '../../support/synth';
import { render, resource, resources } from '../../support/templates';

const templates: Record<string, Templates> = {};
let withSpark: Templates;
beforeAll(() => {
  for (const stage of ['dev', 'lean', 'prod']) templates[stage] = synthesize({ stage });
  withSpark = synthesize({ stage: 'dev', viewsEngine: 'spark' });
}, 60_000);

describe.each([
  ['dev', 2, 1],
  ['prod', 3, 2],
])('the network of %s', (stage, zones, nats) => {
  test(`has three kinds of subnets in ${zones} zones, found by number at deployment`, () => {
    const subnets = Object.values(resources(templates[stage].network, 'AWS::EC2::Subnet'));
    expect(subnets).toHaveLength(3 * zones);
    const used = new Set(subnets.map(({ Properties }) => JSON.stringify(Properties.AvailabilityZone)));
    expect([...used].sort()).toEqual(
      Array.from({ length: zones }, (_, i) => JSON.stringify({ 'Fn::Select': [i, { 'Fn::GetAZs': '' }] })),
    );
    expect(subnets.some(({ Properties }) => Properties.MapPublicIpOnLaunch)).toBe(false);
  });

  test(`gives Airflow internet access by ${nats} NAT gateways, and nothing else`, () => {
    templates[stage].network.resourceCountIs('AWS::EC2::NatGateway', nats);
    const routes = resources(templates[stage].network, 'AWS::EC2::Route');
    expect(Object.keys(routes).filter((id) => id.includes('data'))).toEqual([]);
    expect(Object.keys(routes).filter((id) => id.includes('airflow'))).toHaveLength(zones);
  });
});

describe('without an Airflow environment', () => {
  test('the internet cannot be reached: there is no gateway of any kind, and only the data subnets exist', () => {
    const { network } = templates.lean;
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
    network.resourceCountIs('AWS::EC2::InternetGateway', 0);
    network.resourceCountIs('AWS::EC2::EIP', 0);
    expect(Object.keys(resources(network, 'AWS::EC2::Route'))).toEqual([]);
    expect(Object.keys(resources(network, 'AWS::EC2::Subnet'))).toEqual([
      'NetworkVpcdataSubnet1Subnet',
      'NetworkVpcdataSubnet2Subnet',
    ]);
    expect(Object.keys(resources(network, 'AWS::EC2::SecurityGroup'))).not.toContain('NetworkAirflow');
  });

  test('the data subnets have the same addresses as with one, because brokers never move', () => {
    const cidrs = (stage: string) =>
      Object.entries(resources(templates[stage].network, 'AWS::EC2::Subnet'))
        .filter(([id]) => id.includes('data'))
        .map(([id, { Properties }]) => [id, Properties.CidrBlock]);
    expect(cidrs('lean')).toEqual(cidrs('dev'));
  });
});

describe('the flow log', () => {
  test('starts after its role may write', () => {
    const { network } = templates.dev;
    const [role] = Object.keys(network.findResources('AWS::IAM::Role')).filter((id) => id.includes('IAMRole'));
    const [policy] = Object.keys(network.findResources('AWS::IAM::Policy')).filter((id) => id.includes('IAMRole'));
    const [flowLog] = Object.values(network.findResources('AWS::EC2::FlowLog'));
    expect(flowLog.DependsOn).toEqual(expect.arrayContaining([role, policy]));
  });
});

describe('endpoints', () => {
  test('replace the internet in the data subnets', () => {
    const endpoints = Object.values(resources(withSpark.network, 'AWS::EC2::VPCEndpoint')).map(({ Properties }) => [
      Properties.VpcEndpointType,
      render(Properties.ServiceName, withSpark.all).replace(/^com\.amazonaws\.\{AWS::Region\}\./, ''),
    ]);
    expect(endpoints.sort()).toEqual([
      ['Gateway', 's3'],
      ['Interface', 'cassandra'],
      ['Interface', 'kafka'],
      ['Interface', 'logs'],
    ]);
  });

  test('are open to the security group that uses them, and not to addresses', () => {
    const rules = Object.values(resources(withSpark.network, 'AWS::EC2::SecurityGroupIngress')).map(({ Properties }) =>
      [
        render(Properties.SourceSecurityGroupId, withSpark.all),
        render(Properties.GroupId, withSpark.all),
        Properties.FromPort ?? 'all',
      ].join(' '),
    );
    expect(rules.sort()).toEqual([
      '{NetworkAirflow.GroupId} {NetworkAirflow.GroupId} all',
      '{NetworkFunctions.GroupId} {NetworkKafkaEndpointGroup.GroupId} 443',
      '{NetworkFunctions.GroupId} {NetworkKeyspacesEndpointGroup.GroupId} 9142',
      '{NetworkSpark.GroupId} {NetworkLogsEndpointGroup.GroupId} 443',
    ]);
    for (const group of Object.values(resources(withSpark.network, 'AWS::EC2::SecurityGroup'))) {
      expect(group.Properties).not.toHaveProperty('SecurityGroupIngress');
    }
  });
});

test('all traffic is logged', () => {
  expect(resource(templates.dev.network, 'AWS::EC2::FlowLog').Properties).toMatchObject({
    TrafficType: 'ALL',
    LogDestinationType: 'cloud-watch-logs',
  });
});

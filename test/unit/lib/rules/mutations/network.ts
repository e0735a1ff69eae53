import { set, type Mutations } from './mutation';

export const NETWORK: Mutations = [
  ['a network that is too large', 'VPC_CIDR at NetworkVpc', set('AWS::EC2::VPC', '', 'CidrBlock', '10.42.0.0/15')],
  ['an invalid address', 'VPC_CIDR at NetworkVpc', set('AWS::EC2::VPC', '', 'CidrBlock', '10.42.0.300/16')],
  [
    'a subnet outside of its network',
    'E3059 at NetworkVpcpublicSubnet1Subnet',
    set('AWS::EC2::Subnet', '', 'CidrBlock', '10.99.0.0/24'),
  ],
  [
    'two subnets of the same addresses',
    'E3060 at NetworkVpcpublicSubnet2Subnet',
    (d) => {
      const a = d.all('AWS::EC2::Subnet');
      a[0][1].Properties.CidrBlock = a[1][1].Properties.CidrBlock;
    },
  ],
  [
    'an endpoint without ingress',
    'endpoint-ingress at NetworkVpcKafkaEndpoint',
    (d) => d.remove('AWS::EC2::SecurityGroupIngress', 'NetworkKafkaEndpoint'),
  ],
  [
    'a port over 65535',
    'PORTS at KafkaBrokersfrompinterestdevnetworkNetworkFunctions77F5CEAC9098',
    (d) => {
      const x = d.find('AWS::EC2::SecurityGroupIngress', 'Kafka');
      x.Properties.ToPort = 70000;
    },
  ],
];

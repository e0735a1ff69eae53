/**
 * The resource types that the local run deliberately leaves out, each with the reason. A type that is neither here nor run
 * is an error: a new kind of resource has to be thought about once.
 */

const NETWORK = 'everything runs on the loopback interface';
const RIGHTS = 'rights are proven by the IAM tests, the local engines ask for none';
const WATCHING = 'the run prints the metrics itself';
const DEPLOYING = 'only acts while CloudFormation deploys';

export const IGNORED_TYPES: Readonly<Record<string, string>> = {
  'AWS::EC2::VPC': NETWORK,
  'AWS::EC2::Subnet': NETWORK,
  'AWS::EC2::RouteTable': NETWORK,
  'AWS::EC2::Route': NETWORK,
  'AWS::EC2::SubnetRouteTableAssociation': NETWORK,
  'AWS::EC2::InternetGateway': NETWORK,
  'AWS::EC2::VPCGatewayAttachment': NETWORK,
  'AWS::EC2::EIP': NETWORK,
  'AWS::EC2::NatGateway': NETWORK,
  'AWS::EC2::VPCEndpoint': NETWORK,
  'AWS::EC2::SecurityGroup': NETWORK,
  'AWS::EC2::SecurityGroupIngress': NETWORK,
  'AWS::EC2::SecurityGroupEgress': NETWORK,
  'AWS::EC2::FlowLog': NETWORK,
  'AWS::EC2::NetworkAcl': NETWORK,
  'AWS::EC2::NetworkAclEntry': NETWORK,
  'AWS::EC2::SubnetNetworkAclAssociation': NETWORK,
  'Custom::VpcRestrictDefaultSG': NETWORK,

  'AWS::IAM::Policy': RIGHTS,
  'AWS::IAM::ManagedPolicy': RIGHTS,
  'AWS::Lambda::Permission': RIGHTS,
  'AWS::S3::BucketPolicy': RIGHTS,
  'AWS::KMS::Key': RIGHTS,
  'AWS::KMS::Alias': RIGHTS,
  'AWS::MSK::ClusterPolicy': RIGHTS,
  'AWS::SNS::TopicPolicy': RIGHTS,
  'AWS::SQS::QueuePolicy': RIGHTS,

  'AWS::Logs::LogGroup': 'functions log to files',
  'AWS::Logs::ResourcePolicy': 'functions log to files',
  'AWS::Logs::MetricFilter': WATCHING,
  'AWS::Logs::QueryDefinition': WATCHING,
  'AWS::SNS::Topic': WATCHING,
  'AWS::SNS::Subscription': WATCHING,
  'AWS::APS::Workspace': WATCHING,
  'AWS::APS::Scraper': WATCHING,
  'AWS::APS::RuleGroupsNamespace': WATCHING,
  'AWS::Grafana::Workspace': WATCHING,
  'AWS::Budgets::Budget': 'nothing is billed',

  'AWS::MWAAServerless::Workflow': 'the local run starts Airflow with the DAG',
  'AWS::MSK::Configuration': 'broker settings are those of the local broker; topics carry their own',
  'AWS::Glue::Database': 'only Athena reads the catalogue',
  'AWS::Glue::Table': 'only Athena reads the catalogue',
  'AWS::Athena::WorkGroup': 'only Athena reads the catalogue',
  'AWS::SQS::Queue': 'no function reads or writes a queue',
  'AWS::SSM::Parameter': DEPLOYING,
  'AWS::CDK::Metadata': DEPLOYING,
  'Custom::KafkaExporters': DEPLOYING,
  'Custom::S3AutoDeleteObjects': DEPLOYING,
  'Custom::LogRetention': DEPLOYING,
  'Custom::StoppedApplication': DEPLOYING,
  'Custom::AWS': DEPLOYING,
  'Custom::GrafanaContent': DEPLOYING,
};

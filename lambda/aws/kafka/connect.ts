/** Connects the port as a function's environment describes it. Another client is another import here. */
import { ENV, requireEnv } from '../../runtime/env';
import { connectKafkajs as connectKafka } from './kafkajs';
import { type KafkaPort } from './port';

export { connectKafka };

/**
 * The brokers' addresses for SASL/IAM. The SDK is loaded only now: most invocations have a connection already.
 * @see https://docs.aws.amazon.com/msk/1.0/apireference/clusters-clusterarn-bootstrap-brokers.html
 */
export async function lookUpBrokers(clusterArn: string): Promise<string[]> {
  const { GetBootstrapBrokersCommand, KafkaClient } = await import('@aws-sdk/client-kafka');
  const client = new KafkaClient({});
  try {
    const response = await client.send(new GetBootstrapBrokersCommand({ ClusterArn: clusterArn }));
    const brokers = response.BootstrapBrokerStringSaslIam?.split(',').filter((broker) => broker !== '') ?? [];
    if (brokers.length === 0) throw new Error(`cluster ${clusterArn} has no brokers with IAM authentication`);
    return brokers;
  } finally {
    client.destroy();
  }
}

/** The port as the environment variables of the function describe it. Brokers are looked up once and cached. */
export function kafkaFromEnvironment(): KafkaPort {
  const clusterArn = requireEnv(ENV.clusterArn);
  const auth = requireEnv(ENV.kafkaAuth);
  if (auth !== 'iam' && auth !== 'unsecured') {
    throw new Error(`environment variable ${ENV.kafkaAuth} must be iam or unsecured, got '${auth}'`);
  }
  let known: Promise<string[]> | undefined;
  const brokers = () => {
    known ??= lookUpBrokers(clusterArn).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  return connectKafka({ brokers, auth, topic: requireEnv(ENV.topic) });
}

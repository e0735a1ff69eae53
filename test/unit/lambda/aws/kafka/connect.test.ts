import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { kafkaFromEnvironment, lookUpBrokers } from '../../../../../lambda/aws/kafka/connect';

const ARN = 'arn:aws:kafka:us-east-1:111122223333:cluster/posts/1';
const environment = { ...process.env };
let server: Server | undefined;

afterEach(async () => {
  process.env = { ...environment };
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

/** MSK's control plane, with one answer. */
async function controlPlane(answer: object): Promise<string[]> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    asked.push(`${request.method} ${decodeURIComponent(request.url!)}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_ENDPOINT_URL_KAFKA: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  });
  return asked;
}

test('brokers are those with IAM authentication', async () => {
  const asked = await controlPlane({
    bootstrapBrokerStringSaslIam: 'b-1:9098,b-2:9098',
    bootstrapBrokerString: 'b-1:9092',
  });
  expect(await lookUpBrokers(ARN)).toEqual(['b-1:9098', 'b-2:9098']);
  expect(asked).toEqual([`GET /v1/clusters/${ARN}/bootstrap-brokers`]);
});

test('a cluster without IAM authentication is named', async () => {
  await controlPlane({ bootstrapBrokerString: 'b-1:9092' });
  await expect(lookUpBrokers(ARN)).rejects.toThrow(`cluster ${ARN} has no brokers with IAM authentication`);
});

describe('the environment', () => {
  const whole = { KAFKA_CLUSTER_ARN: ARN, KAFKA_AUTH: 'iam', POSTS_TOPIC: 'posts' };

  test.each(Object.keys(whole))('must have %s', (name) => {
    Object.assign(process.env, whole);
    delete process.env[name];
    expect(() => kafkaFromEnvironment()).toThrow(`environment variable ${name} is not set`);
  });

  test('must name a known authentication', () => {
    Object.assign(process.env, whole, { KAFKA_AUTH: 'none' });
    expect(() => kafkaFromEnvironment()).toThrow("KAFKA_AUTH must be iam or unsecured, got 'none'");
  });
});

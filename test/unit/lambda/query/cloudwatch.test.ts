import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import {
  metricReader,
  type MetricQuery,
  MetricsUnavailableError,
  requestOf,
  sendSigned,
} from '../../../../lambda/query/cloudwatch';

const RANGE = { from: 1_800_000, to: 1_920_000, periodSeconds: 60 };
const QUERY: MetricQuery = {
  id: 'ingest_received',
  namespace: 'N',
  name: 'received',
  dimensions: { step: 'ingest' },
  statistic: 'Sum',
};

test('a request follows the JSON protocol: instants in seconds', () => {
  expect(requestOf([QUERY], RANGE)).toEqual({
    MetricDataQueries: [
      {
        Id: 'ingest_received',
        MetricStat: {
          Metric: { Namespace: 'N', MetricName: 'received', Dimensions: [{ Name: 'step', Value: 'ingest' }] },
          Period: 60,
          Stat: 'Sum',
        },
      },
    ],
    StartTime: 1800,
    EndTime: 1920,
  });
  expect(() => requestOf(Array<MetricQuery>(501).fill(QUERY), RANGE)).toThrow(
    'metrics of a request must be at most 500, got 501',
  );
});

test('a response of several pages is read to its end', async () => {
  const bodies: unknown[] = [];
  const reader = metricReader(async (body) => {
    bodies.push((JSON.parse(body) as { NextToken?: string }).NextToken);
    const MetricDataResults = [{ Id: QUERY.id, Timestamps: [1860 + bodies.length], Values: [bodies.length] }];
    return JSON.stringify({ MetricDataResults, ...(bodies.length < 3 && { NextToken: `t${bodies.length}` }) });
  });
  const points = await reader.read([QUERY], RANGE);
  expect(bodies).toEqual([undefined, 't1', 't2']);
  expect([...points.get(QUERY.id)!]).toEqual([
    [1_861_000, 1],
    [1_862_000, 2],
    [1_863_000, 3],
  ]);
});

test('a metric without data has no points', async () => {
  const reader = metricReader(async () => JSON.stringify({ MetricDataResults: [] }));
  expect((await reader.read([QUERY], RANGE)).get(QUERY.id)?.size).toBe(0);
});

describe('a request over HTTP', () => {
  let server: Server;
  let canned: { status: number; body: string };
  let seen: IncomingMessage | undefined;
  const before = { ...process.env };

  beforeAll(async () => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'AKIATEST',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
    });
    server = createServer((request, response) => {
      seen = request;
      request.resume().once('end', () => response.writeHead(canned.status).end(canned.body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    process.env = before;
    await new Promise((resolve) => server.close(resolve));
  });
  const send = () =>
    sendSigned({
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL_CLOUDWATCH: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });

  test("is signed with the function's role and names its operation", async () => {
    canned = { status: 200, body: '{"MetricDataResults":[]}' };
    await expect(send()('{}')).resolves.toBe(canned.body);
    expect([seen?.method, seen?.url]).toEqual(['POST', '/']);
    expect(seen?.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'GraniteServiceVersion20100801.GetMetricData',
      'x-amz-security-token': 'session',
      authorization: expect.stringMatching(
        /Credential=AKIATEST\/\d{8}\/eu-central-1\/monitoring\/aws4_request/,
      ) as string,
    });
  });

  test('that is rejected reports the reason', async () => {
    canned = { status: 400, body: '{"__type":"AccessDenied"}' };
    await expect(send()('{}')).rejects.toEqual(
      new MetricsUnavailableError('CloudWatch responded with 400: {"__type":"AccessDenied"}'),
    );
  });

  test('without a listener is an outage, not a fault', async () => {
    const away = sendSigned({ AWS_REGION: 'eu-central-1', AWS_ENDPOINT_URL_CLOUDWATCH: 'http://127.0.0.1:1' });
    await expect(away('{}')).rejects.toBeInstanceOf(MetricsUnavailableError);
  });

  test('needs a region', () => {
    expect(() => sendSigned({})).toThrow('environment variable AWS_REGION is not set');
  });
});

import { exporterHosts } from '../../../../../lambda/provision/msk-nodes/core';
import { type Deps, exportersOf } from '../../../../../lambda/provision/msk-nodes/handler';
import { customResource, type CustomResourceRequest } from '../../../../../lambda/runtime/custom-resource';

const broker = (name: string) => ({ BrokerNodeInfo: { Endpoints: [name] } });
const controller = (name: string) => ({ ControllerNodeInfo: { Endpoints: [name] } });

describe('the names of brokers and controllers', () => {
  test('are JSON texts, sorted whatever the order of the list', () => {
    expect(exporterHosts([broker('b-2.x'), controller('c-1.x'), {}, broker('b-1.x')])).toEqual({
      Brokers: '["b-1.x","b-2.x"]',
      Controllers: '["c-1.x"]',
    });
  });

  test('must not be missing', () => {
    expect(() => exporterHosts([controller('c-1.x')])).toThrow(
      'the cluster must have at least one broker with an endpoint, got none',
    );
    expect(() => exporterHosts([broker('b-1.x')])).toThrow('must have at least one controller');
  });

  test('of thirty brokers fit into a response, and more than fit are rejected', () => {
    const name = (i: number) => `b-${i}.pinterestprodstoragekafka1234567.abcdef.c12.kafka.ap-southeast-2.amazonaws.com`;
    const brokers = (count: number) => Array.from({ length: count }, (_, i) => broker(name(i + 1)));
    expect(JSON.parse(exporterHosts([...brokers(30), controller('c-1.x')]).Brokers)).toHaveLength(30);
    expect(() => exporterHosts([...brokers(60), controller('c-1.x')])).toThrow(
      /must have at most 3400 characters, got \d+/,
    );
  });
});

describe('the custom resource', () => {
  const request: CustomResourceRequest = {
    RequestType: 'Create',
    ResponseURL: 'https://response',
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Exporters',
    ResourceProperties: {},
  };
  const sent: { url: string; response: Record<string, unknown> }[] = [];
  const handle = (of: Partial<CustomResourceRequest>, nodes: Deps['nodes']) =>
    customResource(
      exportersOf({ cluster: () => 'arn:cluster', nodes }),
      async (url, body) => void sent.push({ url, response: JSON.parse(body) as Record<string, unknown> }),
    )({ ...request, ...of }, { getRemainingTimeInMillis: () => 60_000 });
  const unexpected = () => Promise.reject(new Error('must not be called'));

  beforeEach(() => {
    sent.length = 0;
    jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  test.each(['Create', 'Update'] as const)('returns the names on %s', async (RequestType) => {
    await handle({ RequestType }, async (cluster) => {
      expect(cluster).toBe('arn:cluster');
      return [broker('b-1.x'), controller('c-1.x')];
    });
    expect(sent).toEqual([
      {
        url: 'https://response',
        response: {
          Status: 'SUCCESS',
          PhysicalResourceId: 'exporters',
          StackId: 'stack',
          RequestId: 'request',
          LogicalResourceId: 'Exporters',
          Data: { Brokers: '["b-1.x"]', Controllers: '["c-1.x"]' },
        },
      },
    ]);
  });

  test('can be deleted without reading anything', async () => {
    await handle({ RequestType: 'Delete', PhysicalResourceId: 'exporters' }, unexpected);
    expect(sent.map(({ response }) => response.Status)).toEqual(['SUCCESS']);
  });

  test('reports why it failed, so that CloudFormation does not wait for an hour', async () => {
    await handle({}, () => Promise.reject(new Error('not authorized')));
    expect(sent[0].response).toMatchObject({
      Status: 'FAILED',
      Reason: 'not authorized',
      PhysicalResourceId: 'exporters',
    });
  });
});

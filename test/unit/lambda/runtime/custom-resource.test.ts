import {
  customResource,
  type CustomResource,
  type CustomResourceRequest,
} from '../../../../lambda/runtime/custom-resource';

const REQUEST: CustomResourceRequest = {
  RequestType: 'Create',
  ResponseURL: 'https://response.example/signed',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Resource',
  ResourceProperties: {},
};
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

let written: jest.SpyInstance;
beforeEach(() => void (written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)));
afterEach(() => jest.restoreAllMocks());

/** Every response that was sent, with its URL. */
function recorded(): {
  sent: [string, Record<string, unknown>][];
  send: (url: string, body: string) => Promise<void>;
} {
  const sent: [string, Record<string, unknown>][] = [];
  return { sent, send: async (url, body) => void sent.push([url, JSON.parse(body) as Record<string, unknown>]) };
}

const PHYSICAL: CustomResource = { identify: () => 'physical', work: async () => undefined };
const failing = (message: string): CustomResource['work'] => {
  return () => Promise.reject(new Error(message));
};

const same = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Resource' };

test('the response to a fulfilled request has the physical id and goes to the URL of the request', async () => {
  const { sent, send } = recorded();
  await customResource(PHYSICAL, send)(REQUEST, CONTEXT);
  expect(sent).toEqual([[REQUEST.ResponseURL, { Status: 'SUCCESS', PhysicalResourceId: 'physical', ...same }]]);
});

test('the response to a failure has the reason, cut to what CloudFormation accepts', async () => {
  const { sent, send } = recorded();
  const long = 'x'.repeat(10_000);
  await customResource({ ...PHYSICAL, work: failing(long) }, send)(REQUEST, CONTEXT);
  expect(sent[0][1]).toEqual({
    Status: 'FAILED',
    Reason: long.slice(0, 1_000),
    PhysicalResourceId: 'physical',
    ...same,
  });
});

test('attributes are sent as data', async () => {
  const { sent, send } = recorded();
  await customResource({ ...PHYSICAL, work: async () => ({ Name: 'value' }) }, send)(REQUEST, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'SUCCESS', Data: { Name: 'value' } });
});

test('a deletion applies to what was created, whatever the properties are', async () => {
  const { sent, send } = recorded();
  const event = { ...REQUEST, RequestType: 'Delete', PhysicalResourceId: 'before' } as const;
  await customResource(PHYSICAL, send)(event, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'before' });
});

test('an update that cannot be parsed retains the id of the resource, so that nothing is deleted', async () => {
  const { sent, send } = recorded();
  const event = { ...REQUEST, RequestType: 'Update', PhysicalResourceId: 'before' } as const;
  const identify = (): string => {
    throw new Error('property Name must be a string');
  };
  await customResource({ ...PHYSICAL, identify }, send)(event, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'before' });
});

test('a creation that cannot be identified gets an id, too, without which CloudFormation rejects the response', async () => {
  const { sent, send } = recorded();
  const identify = (): string => {
    throw new Error('no');
  };
  await customResource({ ...PHYSICAL, identify }, send)(REQUEST, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'FAILED', Reason: 'no', PhysicalResourceId: 'request' });
});

test('the response is put without a content type, because its URL is signed without one', async () => {
  const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
  await customResource(PHYSICAL)(REQUEST, CONTEXT);
  expect(fetched).toHaveBeenCalledWith(
    REQUEST.ResponseURL,
    expect.objectContaining({ method: 'PUT', headers: { 'content-type': '' } }),
  );
});

test('a response that could not be sent is an error, so that Lambda retries', async () => {
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 403 }));
  await expect(customResource(PHYSICAL)(REQUEST, CONTEXT)).rejects.toThrow(
    "PUT of the custom resource's response must return 200, got 403",
  );
});

test('the signed URL is in no log', async () => {
  const { send } = recorded();
  await customResource({ ...PHYSICAL, work: failing('no') }, send)(REQUEST, CONTEXT);
  expect(written).toHaveBeenCalled();
  expect(written.mock.calls.flat().join('')).not.toContain('response.example');
});

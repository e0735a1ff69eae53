import {
  customResource,
  type CustomResource,
  type CustomResourceRequest,
} from '../../../../lambda/runtime/custom-resource';

const REQUEST: CustomResourceRequest = {
  RequestType: 'Create',
  ResponseURL: 'https://answer.example/signed',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Resource',
  ResourceProperties: {},
};
const CONTEXT = { getRemainingTimeInMillis: () => 60_000 };

let written: jest.SpyInstance;
beforeEach(() => void (written = jest.spyOn(process.stdout, 'write').mockReturnValue(true)));
afterEach(() => jest.restoreAllMocks());

/** Everything that was answered, and where. */
function answers(): {
  sent: [string, Record<string, unknown>][];
  answer: (url: string, body: string) => Promise<void>;
} {
  const sent: [string, Record<string, unknown>][] = [];
  return { sent, answer: async (url, body) => void sent.push([url, JSON.parse(body) as Record<string, unknown>]) };
}

const PHYSICAL: CustomResource = { identify: () => 'physical', work: async () => undefined };
const failing = (message: string): CustomResource['work'] => {
  return () => Promise.reject(new Error(message));
};

const same = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Resource' };

test('a request that was met is answered with the physical id, at the address of the request', async () => {
  const { sent, answer } = answers();
  await customResource(PHYSICAL, answer)(REQUEST, CONTEXT);
  expect(sent).toEqual([[REQUEST.ResponseURL, { Status: 'SUCCESS', PhysicalResourceId: 'physical', ...same }]]);
});

test('a failure is answered with its reason, cut to what CloudFormation takes', async () => {
  const { sent, answer } = answers();
  const long = 'x'.repeat(10_000);
  await customResource({ ...PHYSICAL, work: failing(long) }, answer)(REQUEST, CONTEXT);
  expect(sent[0][1]).toEqual({
    Status: 'FAILED',
    Reason: long.slice(0, 1_000),
    PhysicalResourceId: 'physical',
    ...same,
  });
});

test('attributes are answered as data', async () => {
  const { sent, answer } = answers();
  await customResource({ ...PHYSICAL, work: async () => ({ Name: 'value' }) }, answer)(REQUEST, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'SUCCESS', Data: { Name: 'value' } });
});

test('a deletion is of what was made, whatever the properties say', async () => {
  const { sent, answer } = answers();
  const event = { ...REQUEST, RequestType: 'Delete', PhysicalResourceId: 'before' } as const;
  await customResource(PHYSICAL, answer)(event, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'before' });
});

test('an update that says nothing of use keeps the id of the resource, so that nothing is deleted for it', async () => {
  const { sent, answer } = answers();
  const event = { ...REQUEST, RequestType: 'Update', PhysicalResourceId: 'before' } as const;
  const identify = (): string => {
    throw new Error('property Name must be a string');
  };
  await customResource({ ...PHYSICAL, identify }, answer)(event, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'FAILED', PhysicalResourceId: 'before' });
});

test('a creation that cannot be told from others gets an id, too, without which CloudFormation refuses the answer', async () => {
  const { sent, answer } = answers();
  const identify = (): string => {
    throw new Error('no');
  };
  await customResource({ ...PHYSICAL, identify }, answer)(REQUEST, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'FAILED', Reason: 'no', PhysicalResourceId: 'request' });
});

test('the answer is put without a content type, as its address is signed without one', async () => {
  const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
  await customResource(PHYSICAL)(REQUEST, CONTEXT);
  expect(fetched).toHaveBeenCalledWith(
    REQUEST.ResponseURL,
    expect.objectContaining({ method: 'PUT', headers: { 'content-type': '' } }),
  );
});

test('an answer that could not be sent is an error, so that Lambda tries once more', async () => {
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 403 }));
  await expect(customResource(PHYSICAL)(REQUEST, CONTEXT)).rejects.toThrow(
    "PUT of the custom resource's response must return 200, got 403",
  );
});

test('the signed address is in no log', async () => {
  const { answer } = answers();
  await customResource({ ...PHYSICAL, work: failing('no') }, answer)(REQUEST, CONTEXT);
  expect(written).toHaveBeenCalled();
  expect(written.mock.calls.flat().join('')).not.toContain('answer.example');
});

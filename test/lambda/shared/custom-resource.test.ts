import { customResource, type CustomResourceRequest } from '../../../lambda/shared/custom-resource';

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

const same = { StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Resource' };

test('a request that was met is answered with the physical id, at the address of the request', async () => {
  const { sent, answer } = answers();
  await customResource(async () => 'physical', answer)(REQUEST, CONTEXT);
  expect(sent).toEqual([[REQUEST.ResponseURL, { Status: 'SUCCESS', PhysicalResourceId: 'physical', ...same }]]);
});

test('a failure is answered with its reason, cut to what CloudFormation takes', async () => {
  const { sent, answer } = answers();
  const long = 'x'.repeat(10_000);
  const failing = async (): Promise<string> => {
    throw new Error(long);
  };
  await customResource(failing, answer)({ ...REQUEST, RequestType: 'Update', PhysicalResourceId: 'before' }, CONTEXT);
  expect(sent[0][1]).toEqual({
    Status: 'FAILED',
    Reason: long.slice(0, 1_000),
    PhysicalResourceId: 'before',
    ...same,
  });
});

test('a failed creation gets an id, without which CloudFormation refuses the answer', async () => {
  const { sent, answer } = answers();
  const failing = () => Promise.reject(new Error('no'));
  await customResource(failing, answer)(REQUEST, CONTEXT);
  expect(sent[0][1]).toMatchObject({ Status: 'FAILED', Reason: 'no', PhysicalResourceId: 'request' });
});

test('the answer is put without a content type, as its address is signed without one', async () => {
  const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
  await customResource(async () => 'physical')(REQUEST, CONTEXT);
  expect(fetched).toHaveBeenCalledWith(
    REQUEST.ResponseURL,
    expect.objectContaining({ method: 'PUT', headers: { 'content-type': '' } }),
  );
});

test('an answer that could not be sent is an error, so that Lambda tries once more', async () => {
  jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('', { status: 403 }));
  await expect(customResource(async () => 'physical')(REQUEST, CONTEXT)).rejects.toThrow(
    "CloudFormation's answer address said 403",
  );
});

test('the signed address is in no log', async () => {
  const { answer } = answers();
  await customResource(() => Promise.reject(new Error('no')), answer)(REQUEST, CONTEXT);
  expect(written).toHaveBeenCalled();
  expect(written.mock.calls.flat().join('')).not.toContain('answer.example');
});

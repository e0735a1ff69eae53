/** What a proof asks of an account, over real SDK clients; the e2e test asks the emulator, which has no Cost Explorer. */
import { loadConfig } from '../../../../lib/config';
import { type ProofAccount, proofAccount } from '../../../../tools/prove/account';
import { type AwsStub, awsStub, json, type Replies } from '../preflight/support/aws-stub';

const CONFIG = loadConfig({ stage: 'lean', region: 'eu-west-1' });

let stub: AwsStub | undefined;
const before = { ...process.env };
beforeEach(() => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
});
afterEach(async () => {
  process.env = { ...before };
  await stub?.close();
});

async function account(replies: Replies): Promise<ProofAccount> {
  stub = await awsStub(replies);
  return proofAccount(CONFIG, stub.endpoint);
}

const group = (service: string, usageType: string, Amount: string, Unit = 'USD') => ({
  Keys: [service, usageType],
  Metrics: { UnblendedCost: { Amount, Unit } },
});

test('a bill is read by service and usage type, day by day and to its last page', async () => {
  const asked: unknown[] = [];
  const { bill } = await account({
    GetCostAndUsage: (body) => {
      const request = JSON.parse(body) as { NextPageToken?: string };
      asked.push(request);
      return request.NextPageToken === undefined
        ? json({ ResultsByTime: [{ Groups: [group('AWS Lambda', 'Request-ARM', '0.5')] }], NextPageToken: 'more' })
        : json({ ResultsByTime: [{ Groups: [] }, { Groups: [group('Amazon Keyspaces', 'Write', '0.25')] }] });
    },
  });
  expect(await bill('2026-11-29', '2026-11-30')).toEqual([
    { service: 'AWS Lambda', usageType: 'Request-ARM', usd: 0.5 },
    { service: 'Amazon Keyspaces', usageType: 'Write', usd: 0.25 },
  ]);
  expect(asked[0]).toMatchObject({
    TimePeriod: { Start: '2026-11-29', End: '2026-11-30' },
    GroupBy: [
      { Type: 'DIMENSION', Key: 'SERVICE' },
      { Type: 'DIMENSION', Key: 'USAGE_TYPE' },
    ],
  });
});

test('a bill in another currency is not taken for USD', async () => {
  const Groups = [group('AWS Lambda', 'Request-ARM', '0.5', 'CNY')];
  const { bill } = await account({ GetCostAndUsage: json({ ResultsByTime: [{ Groups }] }) });
  await expect(bill('2026-11-29', '2026-11-30')).rejects.toThrow('the bill must be in USD, got CNY');
});

test('what is left is asked for by the tags of the deployment', async () => {
  let asked: unknown;
  const { tagged } = await account({
    GetResources: (body) => {
      asked = JSON.parse(body);
      return json({ ResourceTagMappingList: [{ ResourceARN: 'arn:b' }, { ResourceARN: 'arn:a' }] });
    },
  });
  expect(await tagged()).toEqual(['arn:a', 'arn:b']);
  expect(asked).toMatchObject({
    TagFilters: [
      { Key: 'project', Values: ['pinterest'] },
      { Key: 'stage', Values: ['lean'] },
    ],
  });
});

/**
 * The custom resource against a workspace over HTTP: what CloudFormation sends, and what Grafana contains afterwards.
 */
import { GrafanaClient } from '@aws-sdk/client-grafana';
import { connectGrafana } from '../../../../../lambda/provision/grafana/api';
import { type Content } from '../../../../../lambda/provision/grafana/core';
import { boardsOf, type Ports } from '../../../../../lambda/provision/grafana/handler';
import { ACCOUNT } from '../../../../../lambda/provision/grafana/session';
import { type CustomResourceRequest, customResource } from '../../../../../lambda/runtime/custom-resource';
import { FakeGrafana, WORKSPACE } from '../../../../../tools/rehearsal/grafana/fake';
import { board, DEPLOYED, FIRST, FOLDER, ruleGroup, SECOND } from './support/content';

const ID = `${WORKSPACE}/${FOLDER}`;
const MINUTES_MS = 600_000;

let stub: FakeGrafana;
let waits: number[];
let logged: string;
let contents: Map<string, string>;

beforeEach(async () => {
  stub = await FakeGrafana.start();
  waits = [];
  logged = '';
  contents = new Map(
    Object.entries({ first: FIRST, second: SECOND }).map(([key, value]) => [key, JSON.stringify(value)]),
  );
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    logged += String(text);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stub.stop();
});

interface CustomResourceResponse {
  readonly Status: string;
  readonly Reason?: string;
  readonly PhysicalResourceId: string;
}

async function send(
  type: CustomResourceRequest['RequestType'],
  key: string,
  {
    event = {},
    ports = {},
    remaining = MINUTES_MS,
    theirs = [],
  }: { event?: Partial<CustomResourceRequest>; ports?: Partial<Ports>; remaining?: number; theirs?: string[] } = {},
): Promise<CustomResourceResponse> {
  const responses: string[] = [];
  const wait = (milliseconds: number) => Promise.resolve(waits.push(milliseconds));
  const boards = boardsOf({
    control: new GrafanaClient({
      endpoint: stub.origin,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      maxAttempts: 1,
    }),
    content: (bucket, requested) => {
      const text = contents.get(requested);
      if (bucket !== 'assets' || text === undefined) throw new Error(`object '${requested}' does not exist`);
      return Promise.resolve(text);
    },
    connect: (origin, token, signal) => connectGrafana({ origin, token, signal, wait }),
    wait,
    ...ports,
  });
  const respond = async (url: string, body: string) => {
    expect(url).toBe('https://response.example/');
    responses.push(body);
  };
  await customResource(boards, respond)(
    {
      RequestType: type,
      ResponseURL: 'https://response.example/',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Boards',
      ...(type === 'Create' ? {} : { PhysicalResourceId: ID }),
      ResourceProperties: {
        ServiceToken: 'arn',
        WorkspaceId: WORKSPACE,
        Endpoint: stub.origin,
        ContentBucket: 'assets',
        ContentKey: key,
        FolderUid: FOLDER,
        Deployed: JSON.stringify(DEPLOYED),
      },
      ...event,
    },
    { getRemainingTimeInMillis: () => remaining },
  );
  expect(responses).toHaveLength(1);
  const response = JSON.parse(responses[0]) as CustomResourceResponse;
  expect(response).toMatchObject({ StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Boards' });
  // In every case.
  expect(stub.leftBehind).toEqual(theirs);
  for (const token of stub.tokens) {
    expect(responses[0]).not.toContain(token);
    expect(logged).not.toContain(token);
  }
  return response;
}

const holds = (content: Content) => {
  expect([...stub.boards.keys()].sort()).toEqual(content.dashboards.map(({ uid }) => uid).sort());
  for (const wantedBoard of content.dashboards) {
    const { title, refresh, panels } = wantedBoard;
    expect(stub.boards.get(String(wantedBoard['uid']))?.dashboard).toMatchObject({
      title,
      panels,
      ...(refresh ? { refresh } : {}),
    });
  }
  expect([...stub.groups.keys()]).toEqual(content.ruleGroups.map(({ title }) => `${FOLDER}/${String(title)}`));
  expect(JSON.stringify([...stub.groups.values()])).toContain(
    JSON.stringify((content.ruleGroups[0]['rules'] as { data: unknown[] }[])[0].data),
  );
};

describe('the boards', () => {
  test('are created with their data sources, folder and alert rules', async () => {
    expect(await send('Create', 'first')).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: ID,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Boards',
    });
    holds(FIRST);
    expect([...stub.sources.keys()]).toEqual(['pinterest-dev-amp', 'pinterest-dev-athena']);
    expect([...stub.folders.keys()]).toEqual([FOLDER]);
    expect(stub.plugins).toContain('grafana-athena-datasource');
    expect([...stub.points.keys()]).toEqual(['pinterest-dev-alarms']);
    expect(stub.boards.get('kafka')?.dashboard).toMatchObject({
      templating: { list: [{ name: 'cluster', query: 'pinterest-cluster' }, {}] },
    });
  });

  test('that exist already are not written again', async () => {
    await send('Create', 'first');
    stub.writes.length = 0;
    expect(await send('Update', 'first')).toMatchObject({ Status: 'SUCCESS' });
    expect(stub.writes).toEqual([]);
  });

  test('with other content are the only ones that an update writes', async () => {
    await send('Create', 'first');
    stub.writes.length = 0;
    expect(await send('Update', 'second')).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: ID });
    expect(stub.writes).toEqual([
      'POST /api/dashboards/db',
      'POST /api/dashboards/db',
      `PUT /api/v1/provisioning/folder/${FOLDER}/rule-groups/lake`,
      'DELETE /api/dashboards/uid/store',
    ]);
    holds(SECOND);
  });

  test('are deleted with everything that was created with them', async () => {
    await send('Create', 'first');
    expect(await send('Delete', 'first')).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: ID });
    for (const left of [stub.boards, stub.groups, stub.points, stub.folders, stub.sources]) {
      expect([...left.keys()]).toEqual([]);
    }
    expect(await send('Delete', 'first')).toMatchObject({ Status: 'SUCCESS' });
  });

  test('of a deleted workspace are deleted', async () => {
    const event = { PhysicalResourceId: 'g-ffffffffff/x' };
    const control = new GrafanaClient({
      endpoint: stub.origin,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
    stub.fail({
      method: 'GET',
      path: /serviceaccounts/,
      status: 404,
      headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
      body: '{}',
    });
    expect(await send('Delete', 'first', { event, ports: { control } })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'g-ffffffffff/x',
    });
  });

  test('that were never created are deleted even if properties cannot be parsed', async () => {
    const bad = { ResourceProperties: { WorkspaceId: '' } };
    expect(await send('Create', 'first', { event: bad })).toMatchObject({
      Status: 'FAILED',
      Reason: "property WorkspaceId must be a non-empty string, got ''",
      PhysicalResourceId: 'request',
    });
    expect(await send('Delete', 'first', { event: { ...bad, PhysicalResourceId: 'request' } })).toMatchObject({
      Status: 'SUCCESS',
      PhysicalResourceId: 'request',
    });
  });

  test('of another owner in the folder are retained, and the folder with them', async () => {
    await send('Create', 'first');
    stub.boards.set('mine', { folderUid: FOLDER, dashboard: { uid: 'mine', title: 'Mine', tags: [], version: 1 } });
    await send('Delete', 'first');
    expect([...stub.boards.keys()]).toEqual(['mine']);
    expect([...stub.folders.keys()]).toEqual([FOLDER]);
  });
});

describe('a transient fault', () => {
  test.each([
    [429, { 'retry-after': '3' }, [3_000, 1_000]],
    [503, {}, [500, 1_000]],
    [502, { 'retry-after': '900' }, [15_000, 1_000]],
  ])('of %i is retried after the requested wait, within bounds', async (status, headers, expected) => {
    stub.fail({ method: 'POST', path: /dashboards\/db/, status, headers });
    stub.fail({ method: 'POST', path: /dashboards\/db/, status });
    expect(await send('Create', 'first')).toMatchObject({ Status: 'SUCCESS' });
    expect(waits).toEqual(expected);
    holds(FIRST);
  });

  test('that lasts for six attempts is a failure that names the dashboard and the response', async () => {
    stub.fail({ method: 'POST', path: /dashboards\/db/, status: 503, times: 100 });
    expect(await send('Create', 'first')).toMatchObject({
      Status: 'FAILED',
      Reason: "dashboard 'Overview' (overview): 503 Service Unavailable",
      PhysicalResourceId: ID,
    });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  });

  test('that loses the response to a creation ends with one created object', async () => {
    stub.fail({ method: 'POST', path: /api\/folders/, status: 504, applied: true });
    expect(await send('Create', 'first')).toMatchObject({ Status: 'SUCCESS' });
    holds(FIRST);
  });

  test('of the network is retried like any other', async () => {
    const other = await FakeGrafana.start();
    const closed = other.origin;
    await other.stop();
    const ports = {
      connect: (_origin: string, token: string, signal: AbortSignal) =>
        connectGrafana({ origin: closed, token, signal, wait: (ms) => Promise.resolve(waits.push(ms)) }),
    };
    expect(await send('Create', 'first', { ports })).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/: fetch failed \(ECONNREFUSED\)$/),
    });
    expect(waits.length).toBeGreaterThanOrEqual(5);
  });
});

describe('a conflict', () => {
  test('with a concurrent creation of the same folder is read and planned again', async () => {
    let once = true;
    stub.before = (method, path) => {
      if (once && method === 'POST' && path === '/api/folders') {
        once = false;
        stub.folders.set(FOLDER, { uid: FOLDER, title: 'Theirs', version: 1 });
      }
    };
    expect(await send('Create', 'first')).toMatchObject({ Status: 'SUCCESS' });
    expect(stub.folders.get(FOLDER)).toMatchObject({ title: FIRST.folder.title, version: 2 });
    holds(FIRST);
  });

  test('with a board that was saved by hand is resolved by overwriting', async () => {
    await send('Create', 'first');
    stub.boards.set('kafka', { folderUid: FOLDER, dashboard: { ...board('kafka', 'By hand'), version: 41 } });
    expect(await send('Update', 'first')).toMatchObject({ Status: 'SUCCESS' });
    expect(stub.boards.get('kafka')?.dashboard).toMatchObject({ title: 'Kafka', version: 42 });
  });

  test('that does not end is a failure after three rounds', async () => {
    stub.fail({ method: 'POST', path: /dashboards\/db/, status: 412, body: '{"message":"name-exists"}', times: 100 });
    expect(await send('Create', 'first')).toMatchObject({
      Status: 'FAILED',
      Reason: "dashboard 'Overview' (overview): 412 Precondition Failed: name-exists",
    });
    expect(stub.faults[0].times).toBe(97);
  });
});

describe('a failure', () => {
  test('half-way is undone by the rollback to the older content', async () => {
    await send('Create', 'first');
    contents.set('bad', JSON.stringify({ ...SECOND, ruleGroups: [{ ...ruleGroup('lake', 3), interval: 7 }] }));
    expect(await send('Update', 'bad')).toMatchObject({
      Status: 'FAILED',
      Reason: "group of alert rules 'lake': 400 Bad Request: interval must be seconds, a multiple of 10",
      PhysicalResourceId: ID,
    });
    expect(stub.boards.has('cost')).toBe(true);
    expect(await send('Update', 'first')).toMatchObject({ Status: 'SUCCESS' });
    holds(FIRST);
  });

  test('of a creation half-way is cleaned up by the deletion that follows', async () => {
    contents.set('bad', JSON.stringify({ ...FIRST, dashboards: [...FIRST.dashboards, board('bad', '')] }));
    expect(await send('Create', 'bad')).toMatchObject({
      Status: 'FAILED',
      Reason: "dashboard '' (bad): 400 Bad Request: Dashboard title cannot be empty",
    });
    expect(await send('Delete', 'bad')).toMatchObject({ Status: 'SUCCESS' });
    expect([...stub.boards.keys(), ...stub.folders.keys(), ...stub.sources.keys()]).toEqual([]);
  });

  test('whose text repeats the token is reported without the token', async () => {
    stub.fail({ method: 'POST', path: /dashboards\/db/, status: 400, body: '{"message":"bad header Bearer {token}"}' });
    expect((await send('Create', 'first')).Reason).toBe(
      "dashboard 'Overview' (overview): 400 Bad Request: bad header Bearer (token)",
    );
  });

  test('because of missing content names the content', async () => {
    expect(await send('Create', 'third')).toMatchObject({ Status: 'FAILED', Reason: "object 'third' does not exist" });
    expect(stub.tokens).toEqual([]);
  });

  test('by timeout is reported before the function is ended', async () => {
    const ports = {
      connect: (origin: string, token: string, signal: AbortSignal) => connectGrafana({ origin, token, signal }),
    };
    stub.fail({ method: 'GET', path: /datasources/, status: 503, times: 100 });
    const started = Date.now();
    const response = await send('Create', 'first', { ports, remaining: 30_000 });
    expect(response).toMatchObject({ Status: 'FAILED', Reason: expect.stringMatching(/^data sources: no time left$/) });
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe('the token', () => {
  test('of a run that was killed is deleted by the next, with its account, and those of others are not', async () => {
    stub.accounts.set('7', { id: '7', name: ACCOUNT, tokens: new Map([['1', 'glsa_old']]) });
    stub.accounts.set('8', { id: '8', name: 'theirs', tokens: new Map([['1', 'glsa_theirs']]) });
    expect(await send('Create', 'first', { theirs: ['theirs', 'glsa_theirs'] })).toMatchObject({ Status: 'SUCCESS' });
    holds(FIRST);
  });

  test('that could not be created leaves no account', async () => {
    stub.fail({
      method: 'POST',
      path: /tokens$/,
      status: 400,
      headers: { 'x-amzn-errortype': 'ValidationException' },
      body: '{"message":"no"}',
    });
    expect(await send('Create', 'first')).toMatchObject({ Status: 'FAILED', Reason: 'no' });
  });

  test('that could not be deleted is deleted with its account, and is logged', async () => {
    stub.fail({ method: 'DELETE', path: /tokens\/\d+$/, status: 400, body: '{"message":"no"}' });
    expect(await send('Create', 'first')).toMatchObject({ Status: 'SUCCESS' });
    expect(logged).toContain('grafana token was not deleted');
  });
});

test('waits for a permission that is not effective yet', async () => {
  const denied = Object.assign(new Error('Access Denied'), { name: 'AccessDenied' });
  const content = jest
    .fn<Promise<string>, [string, string]>()
    .mockRejectedValueOnce(denied)
    .mockRejectedValueOnce(denied)
    .mockResolvedValue(JSON.stringify(FIRST));
  expect(await send('Create', 'first', { ports: { content } })).toMatchObject({ Status: 'SUCCESS' });
  expect(waits).toEqual([5_000, 5_000]);
});

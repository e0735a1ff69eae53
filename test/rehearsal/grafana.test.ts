import { FakeGrafana, WORKSPACE } from '../../tools/rehearsal/grafana/fake';

let grafana: FakeGrafana;
beforeEach(async () => void (grafana = await FakeGrafana.start(null)));
afterEach(() => grafana.stop());

const request = async (method: string, path: string) => {
  const response = await fetch(`${grafana.origin}${path}`, { method, ...(method === 'POST' ? { body: '{}' } : {}) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

test('a workspace is created once, with its address, and deleted with everything in it', async () => {
  expect((await request('GET', `/workspaces/${WORKSPACE}/serviceaccounts`)).status).toBe(404);
  const made = await request('POST', '/workspaces');
  expect(made.body['workspace']).toMatchObject({ id: WORKSPACE, endpoint: grafana.origin });
  expect((await request('POST', '/workspaces')).status).toBe(402);
  expect((await request('GET', `/workspaces/${WORKSPACE}/serviceaccounts`)).status).toBe(200);
  grafana.folders.set('pipeline', { title: 'Pipeline', version: 1 });
  expect((await request('DELETE', `/workspaces/${WORKSPACE}`)).status).toBe(200);
  expect(grafana.folders.size).toBe(0);
  expect((await request('GET', `/workspaces/${WORKSPACE}/serviceaccounts`)).status).toBe(404);
});

import { airflowPage, serveAirflow } from '../../../../../tools/local/aws/airflow-page';
import { ALL_DAGS, type DagRun } from '../../../../../tools/engines';

const runs = (...states: readonly string[]) => states.map((state) => ({ dag_id: 'pipeline', state }) as DagRun);

const WELL = {
  health: async () => ({ metadatabase: 'healthy', scheduler: 'unhealthy' }),
  runs: async (dagId: string) => {
    expect(dagId).toBe(ALL_DAGS);
    return runs('success', 'running', 'success');
  },
};

const samples = (page: string) => page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('the page has the health of each component, and the runs by state', async () => {
  expect(samples(await airflowPage(WELL))).toEqual([
    'airflow_healthy{component="metadatabase"} 1',
    'airflow_healthy{component="scheduler"} 0',
    'airflow_dag_runs{dag_id="pipeline",state="success"} 2',
    'airflow_dag_runs{dag_id="pipeline",state="running"} 1',
  ]);
});

test('the page is empty before Airflow is started and while it does not respond, and never an error', async () => {
  let airflow: typeof WELL | undefined;
  const server = await serveAirflow(() => airflow);
  try {
    const get = async () => (await fetch(`${server.url}/metrics`)).text();
    expect(await get()).toBe('');
    airflow = WELL;
    expect(samples(await get())).toHaveLength(4);
    airflow = { ...WELL, health: () => Promise.reject(new Error('fetch failed')) };
    expect(await get()).toBe('');
  } finally {
    await server.stop();
  }
});

/**
 * Airflow's metrics for Prometheus. Airflow itself offers only StatsD and OpenTelemetry; its REST API is enough to report whether
 * its components are healthy and the states of its runs.
 */
import { type AirflowEngine, ALL_DAGS } from '../../engines';
import { sample, servePage } from './exposition';
import { type RunningServer } from './server';

type Source = Pick<AirflowEngine, 'health' | 'runs'>;

/** The page; empty while Airflow is not started or does not respond. */
export async function airflowPage(airflow: Source | undefined): Promise<string> {
  if (airflow === undefined) return '';
  try {
    const [health, runs] = await Promise.all([airflow.health(), airflow.runs(ALL_DAGS)]);
    const counts = new Map<string, number>();
    for (const { dag_id, state } of runs) {
      const key = JSON.stringify({ dag_id, state });
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const lines = [
      '# HELP airflow_healthy Whether a component of Airflow is healthy: 1 or 0',
      '# TYPE airflow_healthy gauge',
      ...Object.entries(health).map(([component, status]) =>
        sample('airflow_healthy', { component }, status === 'healthy' ? 1 : 0),
      ),
      '# HELP airflow_dag_runs The newest hundred runs, by DAG and state',
      '# TYPE airflow_dag_runs gauge',
      ...[...counts].map(([key, count]) =>
        sample('airflow_dag_runs', JSON.parse(key) as Record<string, string>, count),
      ),
    ];
    return `${lines.join('\n')}\n`;
  } catch {
    return '';
  }
}

/** @param airflow undefined until it is started */
export const serveAirflow = (airflow: () => Source | undefined): Promise<RunningServer> =>
  servePage('metrics of Airflow', () => airflowPage(airflow()));

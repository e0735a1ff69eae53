/** Faults of what runs the batch layer: Airflow's processes, Spark, the disk of compaction. */
import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFunction } from '../../../assembly/local-plan';
import { repeatedly } from '../../../kit/repeatedly';
import { commandOf, signalAll, treeOf } from '../../run/processes';
import { type Fault, type Target } from '../fault';
import { waitFor } from '../wait';

const DAG = 'pipeline';
/**
 * After half a minute a scheduler counts as gone, and the next one takes over its tasks when it starts. If it is back sooner, they wait for
 * five minutes, as long as a task may be without a sign of life.
 * @see https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html
 */
const SCHEDULER_DOWN_MS = 40_000;
/** An interval, and what a slow machine takes to get to its views. */
const A_RUN = { within: 240_000, every: 100 };
/** The title of a task's process; that of the one that waits for it says `LocalExecutor`. */
const TASK = /^airflow worker -- [0-9a-f-]{36}$/;
/** Less than any file that compaction writes. */
const FULL_BYTES = 4_096;

/** The processes below `root` whose command fits. @throws Error except on Linux */
function found(root: number, fits: RegExp): number[] | undefined {
  const tree = treeOf(root);
  if (!tree) throw new Error('processes can be found on Linux only');
  const fitting = tree.filter((pid) => fits.test(commandOf(pid)));
  return fitting.length > 0 ? fitting : undefined;
}

/** Resolves when a task of the batch layer's run is running. */
function taskRuns({ airflow }: Target, task: RegExp): Promise<unknown> {
  const look = async () => {
    const run = (await airflow.runs(DAG)).find(({ state }) => state === 'running');
    const tasks = run ? await airflow.tasks(DAG, run.dag_run_id) : [];
    return tasks.find(({ task_id: id, state }) => state === 'running' && task.test(id));
  };
  return waitFor(`task ${task.source}`, () => look().catch(() => undefined), { ...A_RUN, every: 300 });
}

const kill = (pids: readonly number[]) => signalAll(pids, 'SIGKILL');

export const BATCH_FAULTS: readonly Fault[] = [
  {
    name: 'task-killed',
    what: "kill -9 of the process of Airflow's task that publishes",
    seconds: 0,
    recovered: 'published',
    strike: async (target) => {
      await taskRuns(target, /^publish/);
      kill(await waitFor('its process', () => found(target.airflow.scheduler.pid, TASK), A_RUN));
      return async () => undefined;
    },
  },
  {
    name: 'scheduler-killed',
    what: "kill -9 of Airflow's scheduler and of the tasks that it runs, while it publishes",
    seconds: 0,
    recovered: 'published',
    strike: async (target) => {
      await taskRuns(target, /^publish/);
      await target.airflow.scheduler.kill9();
      return async () => {
        await sleep(SCHEDULER_DOWN_MS);
        await target.airflow.scheduler.restart();
      };
    },
  },
  {
    name: 'views-job-killed',
    what: 'kill -9 of the Spark job that computes the views',
    seconds: 0,
    recovered: 'published',
    strike: async ({ plan }) => {
      if (plan.applications.length === 0) throw new Error('no Spark job computes views: it needs --views-engine spark');
      kill(await waitFor('a Spark job', () => found(process.pid, /SparkSubmit/), A_RUN));
      return async () => undefined;
    },
  },
  {
    name: 'disk-full',
    what: 'the disk of compaction takes no more than 4 KB a file',
    seconds: 75,
    recovered: 'published',
    strike: async ({ cloud, plan }) => {
      const { logicalId } = findFunction(plan.functions, 'compact');
      // The soft limit only: a process may not raise the hard one again.
      const limit = (bytes: number | 'unlimited') =>
        Promise.all(
          cloud
            .processes()
            [logicalId].pids.map((pid) => promisify(execFile)('prlimit', ['--pid', `${pid}`, `--fsize=${bytes}:`])),
        );
      await limit(FULL_BYTES);
      const stop = repeatedly(500, () => limit(FULL_BYTES));
      return async () => {
        await stop();
        await limit('unlimited');
      };
    },
  },
];

/** The definition of the workflow, held against the operators and the templates of a real Airflow. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseEvent } from '../../lambda/compact/core';
import { parseRunEvent } from '../../lambda/formats/run-event';
import { batchFlow } from '../../lib/constructs/batch-flow';
import { workflowDefinition } from '../../lib/constructs/workflow-definition';
import { ROOT } from '../../tools/kit/root';

const PYTHON = join(ROOT, '.local', 'engines', 'airflow', 'bin', 'python');

/** Makes each operator with the arguments of its task, and renders its templates as a task instance of a run does. */
const SCRIPT = `
import importlib, json, sys
from datetime import timedelta
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from jinja2.sandbox import SandboxedEnvironment

tasks, run_id = json.load(sys.stdin)
environment = SandboxedEnvironment()
context = {"ti": RuntimeTaskInstance.model_construct(run_id=run_id)}

def rendered(value):
    if isinstance(value, str):
        return environment.from_string(value).render(context)
    if isinstance(value, dict):
        return {key: rendered(each) for key, each in value.items()}
    return [rendered(each) for each in value] if isinstance(value, list) else value

result = {}
for task_id, task in tasks.items():
    module, name = task.pop("operator").rsplit(".", 1)
    task.pop("dependencies", None)
    for key in ("retry_delay", "execution_timeout"):
        task[key] = timedelta(seconds=task[key]["seconds"])
    operator = getattr(importlib.import_module(module), name)(task_id=task_id, **task)
    result[task_id] = {field: rendered(getattr(operator, field)) for field in operator.template_fields if field in task}
print(json.dumps(result))
`;

interface Rendered {
  readonly payload: string;
  readonly job_driver: { readonly sparkSubmit: { readonly entryPointArguments: string[] } };
}

function render(run: string): Readonly<Record<string, Rendered>> {
  const { tasks } = workflowDefinition({
    name: 'w',
    intervalMinutes: 60,
    tasks: batchFlow({ partitions: 2, viewsEngine: 'spark' }),
    functions: { seal: 'seal', compact: 'compact', publish: 'publish', reconcile: 'reconcile' },
    spark: { applicationId: 'app', jobRoleArn: 'role', lake: 'lake' },
  }).w;
  const output = execFileSync(PYTHON, ['-c', SCRIPT], {
    input: JSON.stringify([tasks, run]),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, Rendered>;
}

test('the operators take their arguments, and every step gets an event that its function reads', () => {
  const run = 'scheduled__2026-11-22T21:00:00+00:00';
  const tasks = render(run);
  const held = { run, failNotYet: true };
  for (const task of ['seal', 'publish', 'reconcile']) {
    expect(parseRunEvent(JSON.parse(tasks[task].payload))).toEqual(held);
  }
  for (const task of ['compact_1', 'compact_1_round_2']) {
    expect(parseEvent(JSON.parse(tasks[task].payload), 60)).toEqual({ ...held, step: 'compact', partition: 1, of: 2 });
  }
  expect(parseEvent(JSON.parse(tasks.commit.payload), 60)).toEqual({ ...held, step: 'commit' });
  expect(tasks.spark.job_driver.sparkSubmit.entryPointArguments.slice(-4)).toEqual([
    '--plan',
    's3://lake/plan/views.json',
    '--run',
    run,
  ]);
}, 120_000);

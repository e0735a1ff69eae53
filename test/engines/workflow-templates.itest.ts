/** The definition of the workflow, held against the operators and the templates of a real Airflow. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { workflowDefinition } from '../../lib/constructs/workflow-definition';
import { ROOT } from '../../tools/kit/root';

const PYTHON = join(ROOT, '.local', 'engines', 'airflow', 'bin', 'python');

/** Makes each operator with the arguments of its task, and renders its templates for an answer of `seal`. */
const SCRIPT = `
import importlib, json, sys, time, types
from datetime import timedelta
from jinja2.sandbox import SandboxedEnvironment

tasks, answer = json.load(sys.stdin)
environment = SandboxedEnvironment()
context = {
    "ti": types.SimpleNamespace(xcom_pull=lambda task_ids: answer),
    "macros": types.SimpleNamespace(time=time),
}

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

function render(answer: object): Readonly<Record<string, Rendered>> {
  const { tasks } = workflowDefinition({
    name: 'w',
    intervalMinutes: 60,
    partitions: 2,
    functions: { seal: 'seal', compact: 'compact', publish: 'publish', reconcile: 'reconcile' },
    applicationId: 'app',
    jobRoleArn: 'role',
    lake: 'lake',
  }).w;
  const output = execFileSync(PYTHON, ['-c', SCRIPT], {
    // As Lambda writes the answer of a function.
    input: JSON.stringify([tasks, JSON.stringify(answer)]),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(output.trim().split('\n').at(-1)!) as Record<string, Rendered>;
}

const seal = (interval: string, previous: string | null) => ({
  interval,
  previous,
  partitions: [{ partition: 0, from: 0, to: 5 }],
});

test('the operators take their arguments, and every step is asked about the intervals that seal answered', () => {
  const tasks = render({ intervals: [seal('2026-11-22T21-00', null), seal('2026-11-22T22-00', '2026-11-22T21-00')] });
  const intervals = ['2026-11-22T21-00', '2026-11-22T22-00'];
  expect(JSON.parse(tasks.compact_1.payload)).toEqual({ step: 'compact', partition: 1, intervals });
  expect(JSON.parse(tasks.commit.payload)).toEqual({ step: 'commit', intervals });
  expect(JSON.parse(tasks.publish.payload)).toEqual({ intervals });
  expect(JSON.parse(tasks.reconcile.payload)).toEqual({ intervals });
  expect(tasks.spark.job_driver.sparkSubmit.entryPointArguments.at(-1)).toBe(intervals.join(','));

  const { interval } = JSON.parse(tasks.seal.payload) as { interval: string };
  const start = Date.parse(`${interval.replace(/-(\d\d)$/, ':$1')}:00Z`);
  const age = Date.now() - start;
  expect(start % 3_600_000).toBe(0);
  expect(age).toBeGreaterThanOrEqual(3_600_000);
  expect(age).toBeLessThan(2 * 3_600_000 + 60_000);
}, 120_000);

test('where no interval has a record, every step is asked about none', () => {
  const tasks = render({ intervals: [] });
  expect(JSON.parse(tasks.compact_0.payload)).toEqual({ step: 'compact', partition: 0, intervals: [] });
  expect(JSON.parse(tasks.publish.payload)).toEqual({ intervals: [] });
  expect(tasks.spark.job_driver.sparkSubmit.entryPointArguments.at(-1)).toBe('');
}, 120_000);

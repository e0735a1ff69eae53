"""The DAG on real Airflow: what it is made of, and what it asks of Lambda and EMR Serverless when it runs."""

import json
import os
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pendulum
import pytest
from aws_stub import AwsStub
from conftest import CONFIG, ROOT

AT = pendulum.datetime(2026, 11, 20, 1, tz="UTC")
# Airflow's test run for an instant has the interval that ends there.
INTERVAL = "2026-11-20T00-00"


@pytest.fixture(scope="session")
def aws():
    stub = AwsStub()
    extra = {"region_name": "us-east-1", "endpoint_url": stub.url}
    connection = {"conn_type": "aws", "login": "testing", "password": "testing", "extra": extra}
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = json.dumps(connection)
    yield stub
    stub.close()


@pytest.fixture
def run(aws, module, metadata_db, monkeypatch):
    aws.reset()
    times = iter(range(10_000))
    monkeypatch.setattr(module, "PAUSE", 0)

    def run_once(due, conf=None):
        aws.due = due
        # A run is known by its instant: each gets its own within the hour.
        finished = module.dag.test(logical_date=AT + timedelta(seconds=next(times)), run_conf=conf)
        return finished, {(ti.task_id, ti.map_index): ti.state for ti in finished.get_task_instances()}

    # Seconds, not the minutes of a deployment.
    for each in module.dag.tasks:
        each.retry_delay = timedelta(seconds=0)
        each.retry_exponential_backoff = False
    return run_once


def called(aws, name):
    return [event for function, event in aws.invocations if function == name]


def test_the_folder_imports_without_errors():
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    assert list(bag.dags) == ["pipeline"]


def test_the_tasks_are_those_of_the_configuration_in_its_order(module):
    dag = module.dag
    before = {each.task_id: sorted(each.upstream_task_ids) for each in dag.tasks}
    assert before == {task["id"]: sorted(task["after"]) for task in CONFIG["tasks"]}


def test_one_run_at_a_time_catches_up_by_itself_and_retries(module):
    dag = module.dag
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert all(each.retries == 3 and not each.depends_on_past for each in dag.tasks)


def test_an_invocation_is_never_repeated_by_the_sdk_and_given_up_before_nat_drops_its_connection(module):
    assert module.INVOKE["retries"] == {"total_max_attempts": 1}
    assert 60 < module.INVOKE["read_timeout"] < 350


def test_intervals_are_intervals(module):
    minutes = [1, 5, 30, 60, 120, 1440]
    assert [module.cron(each) for each in minutes] == [
        "* * * * *",
        "*/5 * * * *",
        "*/30 * * * *",
        "0 * * * *",
        "0 */2 * * *",
        "0 0 * * *",
    ]
    for each in (0, 7, 90, 300):
        with pytest.raises(ValueError, match=f"intervalMinutes .* got {each}"):
            module.cron(each)


def dag_run(start=None, end=None, conf=None):
    return SimpleNamespace(conf=conf, data_interval_start=start, data_interval_end=end)


def test_a_run_without_an_interval_takes_the_newest_one_that_is_over(module):
    now = datetime(2026, 11, 20, 1, 30, tzinfo=timezone.utc)
    assert module.seal_event(dag_run(), 60, now) == {"interval": INTERVAL}
    assert module.seal_event(dag_run(), 1, now) == {"interval": "2026-11-20T01-29"}


@pytest.mark.parametrize("conf", [{"from": INTERVAL}, {"to": INTERVAL}, {"from": INTERVAL, "to": 5}, {"interval": INTERVAL}])
def test_a_conf_that_is_no_range_is_refused(module, conf):
    with pytest.raises(ValueError, match="conf"):
        module.seal_event(dag_run(conf=conf), 60)


def test_a_missing_option_is_named(module, monkeypatch):
    config = dict(CONFIG)
    del config["deferrable"], config["tasks"]
    monkeypatch.setenv("AIRFLOW__PIPELINE__CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match="lacks deferrable, tasks"):
        module.read_config()


def test_a_run_passes_its_id_through_every_step_and_nothing_else(run, aws):
    finished, states = run(2)
    assert finished.state == "success"
    assert set(states.values()) == {"success"}
    name = {"run": finished.run_id}
    assert called(aws, "p-seal") == [{"interval": INTERVAL, **name}]
    compact = called(aws, "p-compact")
    by_partition = sorted(compact[:2], key=lambda event: event["partition"])
    assert by_partition == [{"step": "compact", "partition": p, "of": 2, **name} for p in (0, 1)]
    # The manifests come after every partition.
    assert compact[2:] == [{"step": "commit", **name}]
    assert called(aws, "p-publish") == [name]
    assert called(aws, "p-reconcile") == [name]
    (job,) = aws.jobs
    spark = CONFIG["tasks"][4]["spark"]
    assert job["executionRoleArn"] == spark["jobRoleArn"]
    assert job["jobDriver"]["sparkSubmit"] == {
        "entryPoint": spark["entryPoint"],
        "entryPointArguments": ["--plan", "s3://lake-bucket/plan/views.json", "--run", finished.run_id],
    }
    order = [name for name, _ in aws.invocations]
    assert order == ["p-seal", "p-compact", "p-compact", "p-compact", "p-publish", "p-reconcile"]


def test_nothing_due_ends_the_run_early_and_well(run, aws):
    finished, states = run(0)
    assert finished.state == "success"
    assert states[("seal", -1)] == "success"
    assert {state for (name, _), state in states.items() if name != "seal"} == {"skipped"}
    assert [name for name, _ in aws.invocations] == ["p-seal"]
    assert aws.jobs == []


def test_a_step_is_invoked_until_it_is_done(run, aws):
    more, later = {"state": "more"}, {"state": "notYet", "reason": "behind"}
    aws.responses = {"p-publish": [more, more], "p-reconcile": [later, more, later]}
    finished, _ = run(1)
    assert finished.state == "success"
    assert called(aws, "p-publish") == [{"run": finished.run_id}] * 3
    assert called(aws, "p-reconcile") == [{"run": finished.run_id}] * 4


def test_patience_ends_and_what_can_be_processed_is(run, aws, module, monkeypatch):
    monkeypatch.setattr(module.dag.get_task("seal"), "patience", 0)
    monkeypatch.setattr(module.dag.get_task("seal"), "retries", 0)
    later = {"state": "notYet", "reason": "the archive lacks offsets 5-9", "due": 0}
    aws.responses = {"p-seal": [later]}
    finished, states = run(1)
    assert (finished.state, states[("seal", -1)]) == ("failed", "failed")
    aws.responses = {"p-seal": [dict(later, due=3)]}
    finished, _ = run(1)
    assert finished.state == "success"
    assert len(called(aws, "p-publish")) == 1


def test_no_job_is_started_where_all_views_are_there(run, aws):
    aws.views = 0
    finished, states = run(1)
    assert finished.state == "success"
    assert aws.jobs == []
    assert states[("reconcile", -1)] == "success"


def test_a_scheduled_run_that_does_not_hold_the_lease_ends_well_and_one_by_hand_fails(run, aws, module, monkeypatch):
    superseded = {"state": "superseded", "holder": "other", "until": "2026-11-20T01:30:00.000Z"}
    skipped = []
    task = SimpleNamespace(get_flat_relatives=lambda upstream: ["rest"])
    seal = module.dag.get_task("seal")
    monkeypatch.setattr(type(seal), "skip", lambda self, ti, tasks: skipped.append(tasks))
    context = {"dag_run": SimpleNamespace(run_type="scheduled"), "task": task, "ti": None}
    seal.go_on(superseded, context)
    assert skipped == [["rest"]]
    monkeypatch.undo()
    monkeypatch.setattr(seal, "retries", 0)
    aws.responses = {"p-seal": [superseded]}
    finished, states = run(1)
    assert (finished.state, states[("seal", -1)]) == ("failed", "failed")
    assert [name for name, _ in aws.invocations] == ["p-seal"]


def test_a_range_is_asked_for_as_a_range(run, aws):
    finished, _ = run(1, {"from": "2026-11-19T20-00", "to": INTERVAL})
    assert finished.state == "success"
    assert called(aws, "p-seal") == [{"from": "2026-11-19T20-00", "interval": INTERVAL, "run": finished.run_id}]


def test_a_step_that_fails_is_retried_and_a_retried_job_is_a_new_one(run, aws):
    aws.failing = {"p-publish": 1}
    aws.failing_jobs = 1
    finished, _ = run(1)
    assert finished.state == "success"
    assert len(called(aws, "p-publish")) == 2
    assert [job["state"] for job in aws.jobs] == ["FAILED", "SUCCESS"]
    assert len(aws.tokens) == 2


def test_a_step_that_keeps_failing_stops_the_run_before_the_next(run, aws):
    aws.failing = {"p-publish": 100}
    finished, states = run(1)
    assert finished.state == "failed"
    assert states[("reconcile", -1)] == "upstream_failed"
    assert called(aws, "p-reconcile") == []

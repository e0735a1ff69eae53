"""The DAG on real Airflow: its tasks, and its requests to Lambda and EMR Serverless during a run."""

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
def run(aws, module, metadata_db):
    aws.reset()
    times = iter(range(10_000))

    def run_once(sealed, conf=None):
        aws.sealed = sealed
        # A run is identified by its instant: each gets its own within the hour.
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


def test_the_steps_follow_each_other(module):
    dag = module.dag
    after = {each.task_id: sorted(each.downstream_task_ids) for each in dag.tasks}
    assert after == {
        "seal": ["plan"],
        "plan": ["compact"],
        "compact": ["commit"],
        "commit": ["spark"],
        "spark": ["publish"],
        "publish": ["reconcile"],
        "reconcile": [],
    }


def test_one_run_at_a_time_catches_up_and_retries(module):
    dag = module.dag
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert all(each.retries == 3 and not each.depends_on_past for each in dag.tasks)


def test_an_invocation_is_never_repeated_by_the_sdk(module):
    invoking = [each for each in module.dag.tasks if each.task_id in ("seal", "commit", "publish", "reconcile")]
    assert [each.botocore_config["retries"] for each in invoking] == [{"total_max_attempts": 1}] * 4
    assert all(each.botocore_config["read_timeout"] == 900 for each in invoking)


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


def test_a_run_without_an_interval_processes_the_newest_interval_that_is_over(module):
    now = datetime(2026, 11, 20, 1, 30, tzinfo=timezone.utc)
    assert json.loads(module.seal_event(dag_run(), 60, now)) == {"interval": INTERVAL}
    assert json.loads(module.seal_event(dag_run(), 1, now)) == {"interval": "2026-11-20T01-29"}


@pytest.mark.parametrize("conf", [{"from": INTERVAL}, {"to": INTERVAL}, {"from": INTERVAL, "to": 5}, {"interval": INTERVAL}])
def test_a_conf_that_is_not_a_range_is_rejected(module, conf):
    with pytest.raises(ValueError, match="conf"):
        module.seal_event(dag_run(conf=conf), 60)


def test_a_missing_option_is_named(module, monkeypatch):
    config = dict(CONFIG)
    del config["lake"], config["partitions"]
    monkeypatch.setenv("AIRFLOW__PIPELINE__CONFIG", json.dumps(config))
    with pytest.raises(ValueError, match="lacks lake, partitions"):
        module.read_config()


def test_a_run_takes_its_intervals_through_every_step(run, aws):
    intervals = ["2026-11-19T22-00", INTERVAL]
    finished, states = run(intervals)
    assert finished.state == "success"
    assert set(states.values()) == {"success"}
    assert called(aws, "p-seal") == [{"interval": INTERVAL}]
    compact = called(aws, "p-compact")
    by_partition = sorted(compact[:2], key=lambda event: event["partition"])
    assert by_partition == [{"step": "compact", "partition": p, "intervals": intervals} for p in (0, 1)]
    # The manifests are written after all partitions.
    assert compact[2:] == [{"step": "commit", "intervals": intervals}]
    assert called(aws, "p-publish") == [{"intervals": intervals}]
    assert called(aws, "p-reconcile") == [{"intervals": intervals}]
    (job,) = aws.jobs
    assert job["executionRoleArn"] == CONFIG["jobRoleArn"]
    assert job["jobDriver"]["sparkSubmit"] == {
        "entryPoint": "s3://lake-bucket/jobs/batch_views.py",
        "entryPointArguments": [
            "--lake",
            "s3://lake-bucket",
            "--views",
            "s3://lake-bucket/jobs/views.json",
            "--intervals",
            ",".join(intervals),
        ],
    }
    order = [name for name, _ in aws.invocations]
    assert order == ["p-seal", "p-compact", "p-compact", "p-compact", "p-publish", "p-reconcile"]


def test_a_run_without_due_intervals_ends_early_and_succeeds(run, aws):
    finished, states = run([])
    assert finished.state == "success"
    assert states[("seal", -1)] == states[("plan", -1)] == "success"
    assert {state for (name, _), state in states.items() if name not in ("seal", "plan")} == {"skipped"}
    assert [name for name, _ in aws.invocations] == ["p-seal"]
    assert aws.jobs == []


def test_a_range_is_requested_as_a_range(run, aws):
    finished, _ = run([INTERVAL], {"from": "2026-11-19T20-00", "to": INTERVAL})
    assert finished.state == "success"
    assert called(aws, "p-seal") == [{"from": "2026-11-19T20-00", "interval": INTERVAL}]


def test_a_step_that_fails_is_retried_and_a_retried_job_is_a_new_one(run, aws):
    aws.failing = {"p-publish": 1}
    aws.failing_jobs = 1
    finished, _ = run([INTERVAL])
    assert finished.state == "success"
    assert len(called(aws, "p-publish")) == 2
    assert [job["state"] for job in aws.jobs] == ["FAILED", "SUCCESS"]
    assert len(aws.tokens) == 2


def test_a_step_that_fails_repeatedly_stops_the_run_before_the_next(run, aws):
    aws.failing = {"p-publish": 100}
    finished, states = run([INTERVAL])
    assert finished.state == "failed"
    assert states[("reconcile", -1)] == "upstream_failed"
    assert called(aws, "p-reconcile") == []

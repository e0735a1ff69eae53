"""The batch layer, one run an interval: seal, compact, commit, publish, reconcile. Where Spark is a views engine, its job comes after
commit.

This file interprets the tasks of its configuration, which is generated from one definition of the flow. What a run works on is in
the plan that ``seal`` stores in the lake; tasks pass the id of the run and nothing else. Each step ends within 45 s and responds
whether it is to be invoked again, so no connection stays open for long, and a run that dies is resumed by the next one.

What is due is said by the chain of seals, not by Airflow's table of runs: one run catches up after an outage, and ``catchup`` stays
off. Every step is idempotent by interval, so tasks may be retried, cleared, and run for a past interval at will.

A run for a past interval (``airflow backfill create``, or a clear) processes that interval again. A range in one run:

    airflow dags trigger pipeline --conf '{"from": "2026-11-22T20-00", "to": "2026-11-22T23-00"}'

Configuration: option ``config`` in section ``pipeline``, one JSON text, set with the environment (``pipeline.config`` on
MWAA, ``AIRFLOW__PIPELINE__CONFIG`` elsewhere).
"""

import hashlib
import json
import re
import time
from datetime import datetime, timedelta, timezone

import pendulum
from airflow.configuration import conf
from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook
from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
from airflow.providers.standard.utils.skipmixin import SkipMixin
from airflow.sdk import DAG, BaseOperator
from airflow.timetables.interval import CronDataIntervalTimetable

KEYS = {"intervalMinutes", "emrPollSeconds", "deferrable", "tasks"}

NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}")


def read_config():
    """The configuration; an error names what is missing, since all that one sees of it is a broken DAG."""
    text = conf.get("pipeline", "config", fallback="")
    if not text:
        raise ValueError("option config in section pipeline is not set")
    config = json.loads(text)
    missing = sorted(KEYS - config.keys())
    if missing:
        raise ValueError("option config in section pipeline lacks {}".format(", ".join(missing)))
    return config


def cron(minutes):
    """The schedule whose data intervals are the pipeline's intervals."""
    if 0 < minutes < 60 and 60 % minutes == 0:
        return "*/{} * * * *".format(minutes) if minutes > 1 else "* * * * *"
    hours = minutes // 60
    if minutes % 60 == 0 and hours > 0 and 24 % hours == 0:
        return "0 * * * *" if hours == 1 else "0 0 * * *" if hours == 24 else "0 */{} * * *".format(hours)
    raise ValueError("intervalMinutes must divide an hour, or be hours that divide a day, got {}".format(minutes))


def interval_name(start):
    return start.astimezone(timezone.utc).strftime("%Y-%m-%dT%H-%M")


def seal_event(dag_run, minutes, now=None):
    """Which interval the run asks ``seal`` for: its data interval, or the range that it was triggered with."""
    given = dag_run.conf or {}
    unknown = sorted(given.keys() - {"from", "to"})
    if unknown or ("from" in given) != ("to" in given):
        raise ValueError('conf must be empty or {"from": …, "to": …}, got ' + json.dumps(given))
    if given:
        for key, name in given.items():
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise ValueError("conf.{} must be an interval name like 2026-11-22T21-00, got {}".format(key, json.dumps(name)))
        return {"from": given["from"], "interval": given["to"]}
    # Triggered by hand without a date, a run has no data interval: it takes the newest one that is over.
    start = dag_run.data_interval_start
    if start is None or start == dag_run.data_interval_end:
        start = (now or datetime.now(timezone.utc)) - timedelta(minutes=minutes)
    length = minutes * 60
    start = datetime.fromtimestamp(start.timestamp() // length * length, timezone.utc)
    return {"interval": interval_name(start)}


def client_token(run_id, try_number):
    """At most 64 characters, the same for one attempt: a retry must start a job of its own, a repeated call must not."""
    return "{}-{}".format(hashlib.sha256(run_id.encode()).hexdigest()[:48], try_number)


CONFIG = read_config()
MINUTES = CONFIG["intervalMinutes"]
POLL = max(1, CONFIG["emrPollSeconds"])

# A step responds within 45 s; NAT gateways drop a connection that is idle for 350 s. botocore itself must not invoke again: Airflow does.
INVOKE = {"read_timeout": 340, "connect_timeout": 10, "retries": {"total_max_attempts": 1}}

# Seconds between two invocations of a step that waits for something.
PAUSE = 10


def invoke(function_name, event):
    """Invokes a function over a connection of its own: one that is open between invocations may be dropped unnoticed."""
    client = LambdaHook(aws_conn_id="aws_default", config=INVOKE).get_conn()
    try:
        response = client.invoke(FunctionName=function_name, Payload=json.dumps(event).encode())
        body = json.loads(response["Payload"].read())
    finally:
        client.close()
    if "FunctionError" in response:
        raise RuntimeError("function {} failed: {}".format(function_name, body.get("errorMessage", body)))
    return body


class Step(BaseOperator, SkipMixin):
    """Invokes a function until it is done. Where nothing is due, or another run works already, the first step ends the run."""

    inherits_from_skipmixin = True

    def __init__(self, *, function_name, payload, patience, first=False, **kwargs):
        super().__init__(**kwargs)
        self.function_name = function_name
        self.payload = payload
        self.patience = patience
        self.first = first

    def execute(self, context):
        dag_run = context["dag_run"]
        event = {**self.payload, "run": dag_run.run_id}
        if self.first:
            event.update(seal_event(dag_run, MINUTES))
        response = self.until_done(event)
        if self.first:
            self.go_on(response, context)
        return response

    def until_done(self, event):
        patient_until = time.monotonic() + self.patience
        while True:
            response = invoke(self.function_name, event)
            self.log.info("%s responds %s", self.function_name, json.dumps(response))
            state = response["state"]
            if state not in ("more", "notYet"):
                return response
            if state == "notYet":
                if time.monotonic() >= patient_until:
                    # What is there already can be processed without what is missing.
                    if response.get("due"):
                        return response
                    raise RuntimeError("{}: {}".format(self.task_id, response["reason"]))
                time.sleep(PAUSE)

    def go_on(self, response, context):
        if response["state"] == "superseded":
            dag_run = context["dag_run"]
            # Whoever asked for a run by hand must not take it for done.
            if dag_run.run_type != "scheduled":
                raise RuntimeError("run {holder} holds the lease until {until}".format(**response))
        elif response["due"]:
            return
        self.skip(ti=context["ti"], tasks=context["task"].get_flat_relatives(upstream=False))


class SparkViews(EmrServerlessStartJobOperator):
    """Runs the job, unless the task that lists its work listed nothing: a job takes a while to start."""

    def __init__(self, *, listed_by, **kwargs):
        super().__init__(**kwargs)
        self.listed_by = listed_by

    def execute(self, context, event=None):
        if event is None and not context["ti"].xcom_pull(task_ids=self.listed_by).get("views"):
            return None
        return super().execute(context, event)


def operator(task):
    """The operator of a task of the configuration."""
    if "function" in task:
        return Step(
            task_id=task["id"],
            function_name=task["function"],
            payload=task["payload"],
            patience=task["patienceSeconds"],
            first=task.get("first", False),
        )
    spark = task["spark"]
    return SparkViews(
        task_id=task["id"],
        listed_by=task["listedBy"],
        application_id=spark["applicationId"],
        execution_role_arn=spark["jobRoleArn"],
        name="batch views {{ run_id }}",
        job_driver={
            "sparkSubmit": {"entryPoint": spark["entryPoint"], "entryPointArguments": spark["entryPointArguments"]}
        },
        config={"clientToken": "{{ client_token(dag_run.run_id, ti.try_number) }}"},
        # The default gives up after 25 minutes, and cancels the job.
        waiter_delay=POLL,
        waiter_max_attempts=max(1, 3 * 3600 // POLL),
        deferrable=CONFIG["deferrable"],
    )


with DAG(
    dag_id="pipeline",
    description="Batch layer: one run an interval",
    doc_md=__doc__,
    # A plain cron string has empty data intervals in Airflow 3, and the data interval is what names the interval.
    schedule=CronDataIntervalTimetable(cron(MINUTES), timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    # An interval builds on the one before. Not depends_on_past: with a run triggered for the past, the two wait for each other.
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=min(60, 10 * MINUTES)),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
    },
    user_defined_macros={"client_token": client_token},
) as dag:
    operators = {task["id"]: operator(task) for task in CONFIG["tasks"]}
    for task in CONFIG["tasks"]:
        operators[task["id"]].set_upstream([operators[each] for each in task["after"]])

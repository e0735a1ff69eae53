"""The batch layer, one run per interval: seal, compact, commit, Spark, publish, reconcile.

The chain of seals determines what is due, not Airflow's table of runs: the first step returns every interval that is over
and not processed, so one run catches up after an outage, and ``catchup`` stays off. Every step is idempotent by interval, so
tasks can be retried, cleared, and run for a past interval at any time.

A run for a past interval (``airflow backfill create``, or a clear) processes that interval again. A range in one run:

    airflow dags trigger pipeline --conf '{"from": "2026-11-22T20-00", "to": "2026-11-22T23-00"}'

Configuration: option ``config`` in section ``pipeline``, one JSON text, set through the environment (``pipeline.config`` on
MWAA, ``AIRFLOW__PIPELINE__CONFIG`` elsewhere).
"""

import hashlib
import json
import re
from datetime import datetime, timedelta, timezone

import pendulum
from airflow.configuration import conf
from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
from airflow.providers.amazon.aws.operators.lambda_function import LambdaInvokeFunctionOperator
from airflow.sdk import DAG, task
from airflow.timetables.interval import CronDataIntervalTimetable

KEYS = {
    "intervalMinutes",
    "sealFunction",
    "compactFunction",
    "publishFunction",
    "reconcileFunction",
    "applicationId",
    "jobRoleArn",
    "lake",
    "partitions",
    "emrPollSeconds",
    "deferrable",
}

NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}")


def read_config():
    """The configuration. An error names what is missing, because the error of a broken DAG is all that a user sees of it."""
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
    """The payload of ``seal``: the run's data interval, or the range that the run was triggered with."""
    given = dag_run.conf or {}
    unknown = sorted(given.keys() - {"from", "to"})
    if unknown or ("from" in given) != ("to" in given):
        raise ValueError('conf must be empty or {"from": …, "to": …}, got ' + json.dumps(given))
    if given:
        for key, name in given.items():
            if not isinstance(name, str) or not NAME.fullmatch(name):
                raise ValueError("conf.{} must be an interval name like 2026-11-22T21-00, got {}".format(key, json.dumps(name)))
        return json.dumps({"from": given["from"], "interval": given["to"]})
    # A run that is triggered by hand without a date has no data interval: it processes the newest interval that is
    # over.
    start = dag_run.data_interval_start
    if start is None or start == dag_run.data_interval_end:
        start = (now or datetime.now(timezone.utc)) - timedelta(minutes=minutes)
    length = minutes * 60
    start = datetime.fromtimestamp(start.timestamp() // length * length, timezone.utc)
    return json.dumps({"interval": interval_name(start)})


def intervals_of(sealed):
    """The names of the intervals in the response of ``seal``, oldest first."""
    return [each["interval"] for each in json.loads(sealed)["intervals"]]


def client_token(run_id, try_number):
    """At most 64 characters, the same within one attempt: a retry must start a new job, a repeated call must not."""
    return "{}-{}".format(hashlib.sha256(run_id.encode()).hexdigest()[:48], try_number)


CONFIG = read_config()
MINUTES = CONFIG["intervalMinutes"]
POLL = max(1, CONFIG["emrPollSeconds"])

# botocore would give up on an invocation after a minute and start it four more times; Airflow does the retries here.
INVOKE = {"botocore_config": {"read_timeout": 900, "connect_timeout": 10, "retries": {"total_max_attempts": 1}}}

# Rendered when a task runs; the list of intervals comes from the one task that computed it.
INTERVALS = "{{ ti.xcom_pull(task_ids='plan', key='intervals') | tojson }}"

with DAG(
    dag_id="pipeline",
    description="Batch layer: one run per interval",
    doc_md=__doc__,
    # A plain cron string has empty data intervals in Airflow 3, and the data interval determines the pipeline's
    # interval.
    schedule=CronDataIntervalTimetable(cron(MINUTES), timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    # Each interval builds on the previous one. Not depends_on_past: with a run triggered for the past, the two runs
    # would deadlock.
    max_active_runs=1,
    default_args={
        "retries": 3,
        "retry_delay": timedelta(seconds=min(60, 10 * MINUTES)),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
    },
    user_defined_macros={"seal_event": seal_event, "client_token": client_token, "interval_minutes": MINUTES},
) as dag:
    seal = LambdaInvokeFunctionOperator(
        task_id="seal",
        function_name=CONFIG["sealFunction"],
        payload="{{ seal_event(dag_run, interval_minutes) }}",
        **INVOKE,
    )

    @task.short_circuit
    def plan(sealed, ti=None):
        """One payload per partition; the run ends here if nothing is due. Only names are passed on."""
        intervals = intervals_of(sealed)
        ti.xcom_push(key="intervals", value=intervals)
        partitions = range(CONFIG["partitions"]) if intervals else []
        return [json.dumps({"step": "compact", "partition": each, "intervals": intervals}) for each in partitions]

    compact = LambdaInvokeFunctionOperator.partial(
        task_id="compact", function_name=CONFIG["compactFunction"], **INVOKE
    ).expand(payload=plan(seal.output))

    commit = LambdaInvokeFunctionOperator(
        task_id="commit",
        function_name=CONFIG["compactFunction"],
        payload='{"step":"commit","intervals":' + INTERVALS + "}",
        **INVOKE,
    )

    spark = EmrServerlessStartJobOperator(
        task_id="spark",
        application_id=CONFIG["applicationId"],
        execution_role_arn=CONFIG["jobRoleArn"],
        name="batch views {{ ti.xcom_pull(task_ids='plan', key='intervals') | last }}",
        job_driver={
            "sparkSubmit": {
                "entryPoint": "s3://{}/jobs/batch_views.py".format(CONFIG["lake"]),
                "entryPointArguments": [
                    "--lake",
                    "s3://{}".format(CONFIG["lake"]),
                    "--views",
                    "s3://{}/jobs/views.json".format(CONFIG["lake"]),
                    "--intervals",
                    "{{ ti.xcom_pull(task_ids='plan', key='intervals') | join(',') }}",
                ],
            }
        },
        config={"clientToken": "{{ client_token(dag_run.run_id, ti.try_number) }}"},
        # By default the operator gives up after 25 minutes and cancels the job.
        waiter_delay=POLL,
        waiter_max_attempts=max(1, 3 * 3600 // POLL),
        deferrable=CONFIG["deferrable"],
    )

    publish = LambdaInvokeFunctionOperator(
        task_id="publish",
        function_name=CONFIG["publishFunction"],
        payload='{"intervals":' + INTERVALS + "}",
        **INVOKE,
    )

    reconcile = LambdaInvokeFunctionOperator(
        task_id="reconcile",
        function_name=CONFIG["reconcileFunction"],
        payload='{"intervals":' + INTERVALS + "}",
        **INVOKE,
    )

    compact >> commit >> spark >> publish >> reconcile

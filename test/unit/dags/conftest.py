"""Airflow without a scheduler: its database in a temporary folder, one Execution API per session."""

import atexit
import functools
import json
import os
import pathlib
import shutil
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOME = pathlib.Path(tempfile.mkdtemp(prefix="airflow-test-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)



def step(name, function, after, payload=None, patience=0, **more):
    task = {"id": name, "after": after, "function": function, "payload": payload or {}, "patienceSeconds": patience}
    return dict(task, **more)


CONFIG = {
    "intervalMinutes": 60,
    "emrPollSeconds": 1,
    "deferrable": False,
    "tasks": [
        step("seal", "p-seal", [], patience=60, first=True),
        step("compact_0", "p-compact", ["seal"], {"step": "compact", "partition": 0, "of": 2}),
        step("compact_1", "p-compact", ["seal"], {"step": "compact", "partition": 1, "of": 2}),
        step("commit", "p-compact", ["compact_0", "compact_1"], {"step": "commit"}),
        {
            "id": "spark",
            "after": ["commit"],
            "listedBy": "commit",
            "spark": {
                "applicationId": "app0",
                "jobRoleArn": "arn:aws:iam::000000000000:role/job",
                "entryPoint": "s3://lake-bucket/jobs/batch_views.py",
                "entryPointArguments": ["--plan", "s3://lake-bucket/plan/views.json", "--run", "{{ ti.run_id }}"],
            },
        },
        step("publish", "p-publish", ["spark"]),
        step("reconcile", "p-reconcile", ["publish"], patience=60),
    ],
}

# Before anything imports Airflow, which reads them once.
os.environ.update(
    {
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HOME}/airflow.db",
        "AIRFLOW__DATABASE__LOAD_DEFAULT_CONNECTIONS": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__PIPELINE__CONFIG": json.dumps(CONFIG),
        "SCARF_ANALYTICS": "false",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
)


@pytest.fixture(scope="session", autouse=True)
def one_execution_api():
    """``dag.test`` builds a new API for each task, two seconds of CPU each."""
    from airflow.sdk.execution_time import supervisor

    if hasattr(supervisor, "in_process_api_server"):
        supervisor.in_process_api_server = functools.cache(supervisor.in_process_api_server)


@pytest.fixture(scope="session")
def metadata_db():
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture(scope="session")
def module(one_execution_api):
    """The DAG file as a module, for its functions and constants."""
    import sys

    sys.path.insert(0, str(ROOT / "dags"))
    import pipeline

    return pipeline

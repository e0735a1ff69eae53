"""EMR Serverless: what starts an application, what prevents its stop, and the resource of each call."""

import asyncio
import json

import pytest
from emulator.apis import ServiceError
from emulator.spark import APPLICATION, Spark

PROPS = {"Name": "views", "Type": "SPARK", "ReleaseLabel": "emr-7.13.0", "Tags": [{"Key": "stage", "Value": "dev"}]}


@pytest.fixture
def spark(stubs):
    return Spark(stubs)


@pytest.fixture
def application(stubs):
    return stubs.create(APPLICATION, "Spark", PROPS, "s")[0]


def call(spark, method, path):
    status, _, body = asyncio.run(spark.handle(method, path, b""))
    assert status == 200
    return json.loads(body)


def state(spark, application):
    return call(spark, "GET", f"/applications/{application}")["application"]["state"]


def test_a_job_starts_the_application_and_prevents_its_stop_until_it_is_cancelled(spark, application):
    path = f"/applications/{application}"
    assert state(spark, application) == "CREATED"
    job = call(spark, "POST", f"{path}/jobruns")["jobRunId"]
    assert state(spark, application) == spark.state(application) == "STARTED"
    assert [run["id"] for run in call(spark, "GET", f"{path}/jobruns")["jobRuns"]] == [job]
    with pytest.raises(ServiceError, match=job) as rejected:
        call(spark, "POST", f"{path}/stop")
    assert rejected.value.name == "ValidationException"
    call(spark, "DELETE", f"{path}/jobruns/{job}")
    assert call(spark, "GET", f"{path}/jobruns")["jobRuns"] == []
    call(spark, "POST", f"{path}/stop")
    assert state(spark, application) == "STOPPED"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/applications/none"), ("POST", "/applications/none/stop"), ("DELETE", "/applications/{id}/jobruns/none")],
)
def test_what_is_not_there_is_not_found(spark, application, method, path):
    with pytest.raises(ServiceError) as rejected:
        call(spark, method, path.format(id=application))
    assert rejected.value.name == "ResourceNotFoundException"


def test_another_call_is_rejected(spark, application):
    with pytest.raises(ServiceError, match="is not known here"):
        call(spark, "POST", f"/applications/{application}/start")


def test_applications_are_known_by_arn_and_tags(spark, application, stubs):
    arn = stubs.living(APPLICATION)[application].attributes["Arn"]
    assert list(spark.tagged()) == [(arn, PROPS["Tags"])]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/applications/00f1", "/applications/00f1"),
        ("/applications/00f1/stop", "/applications/00f1"),
        ("/applications/00f1/jobruns", "/applications/00f1"),
        ("/applications/00f1/jobruns/00j2", "/applications/00f1/jobruns/00j2"),
    ],
)
def test_a_call_is_about_the_application_or_one_of_its_jobs(path, resource):
    assert Spark.resource.match(path).group() == resource

"""
Uses the deployed app, as far as the emulator allows: ``python -m emulator.smoke ENDPOINT REGION STACK``, where STACK is the
common prefix of the stacks' names. Prints a JSON array of :class:`Check`.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).resolve().parents[3]

_POST = {"pin": {"index": 7, "category": "art"}}
_FUNCTION_PATIENCE = 60


@dataclass(frozen=True)
class Check:
    name: str
    #: Empty if the check holds.
    problem: str


@dataclass(frozen=True)
class Response:
    status: int
    body: Any
    retry_after: str | None


class Deployed:
    """The stacks, found by their names, and clients for their resources."""

    def __init__(self, endpoint: str, region: str, prefix: str) -> None:
        self._endpoint = urlsplit(endpoint)
        self._region = region
        self._client = lambda service: boto3.client(service, endpoint_url=endpoint, region_name=region)
        self.prefix = prefix
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        self.outputs: dict[str, str] = {
            output["OutputKey"]: output["OutputValue"]
            for stack in stacks
            if stack["StackName"].startswith(f"{prefix}-")
            for output in stack.get("Outputs", [])
        }

    def client(self, service: str) -> Any:
        return self._client(service)

    def physical_ids(self, stack: str, type_name: str, beginning: str) -> list[str]:
        """Physical ids of the resources of a type whose logical ids have this beginning."""
        summaries = self.client("cloudformation").list_stack_resources(StackName=f"{self.prefix}-{stack}")
        return [
            str(each["PhysicalResourceId"])
            for each in summaries["StackResourceSummaries"]
            if each["ResourceType"] == type_name and each["LogicalResourceId"].startswith(beginning)
        ]

    def physical_id(self, stack: str, type_name: str, beginning: str) -> str:
        """Physical id of the only such resource."""
        (found,) = self.physical_ids(stack, type_name, beginning)
        return found

    def call(self, url: str, method: str, path: str, body: object = None, *, signed: bool = True) -> Response:
        """A request to the API, with the account's credentials or without any."""
        host = urlsplit(self.outputs[url]).netloc
        data = None if body is None else json.dumps(body)
        request = AWSRequest(method, f"http://{host}{path}", data=data, headers={"Host": host})
        if signed:
            SigV4Auth(Credentials("test", "test"), "execute-api", self._region).add_auth(request)
        # The API's host name does not resolve, so the request goes to the emulator.
        connection = HTTPConnection(str(self._endpoint.hostname), self._endpoint.port, timeout=_FUNCTION_PATIENCE)
        try:
            connection.request(method, path, body=data, headers=dict(request.headers.items()))
            got = connection.getresponse()
            return Response(got.status, json.loads(got.read() or b"null"), got.getheader("retry-after"))
        finally:
            connection.close()


def _expect(what: str, actual: object, expected: object) -> str:
    return "" if actual == expected else f"{what} must be {expected!r}, got {actual!r}"


def denies_strangers(deployed: Deployed) -> str:
    """Both APIs deny unsigned requests."""
    responses = [
        deployed.call("IngestUrl", "POST", "/posts", _POST, signed=False),
        deployed.call("QueryUrl", "GET", "/views", signed=False),
    ]
    return _expect("status", [response.status for response in responses], [403, 403])


def accepts_nothing_without_brokers(deployed: Deployed) -> str:
    """Ingest looks up the brokers at MSK, finds none listening, and returns 503 with Retry-After."""
    response = deployed.call("IngestUrl", "POST", "/posts", _POST)
    found = (response.status, response.retry_after is not None, (response.body or {}).get("notTaken"))
    return _expect("status, Retry-After and notTaken", found, (503, True, 1))


def names_what_is_wrong(deployed: Deployed) -> str:
    """Ingest rejects an invalid post and names the field."""
    response = deployed.call("IngestUrl", "POST", "/posts", {"pin": {"index": 7}})
    found = (response.status, response.body["results"][0]["error"]["field"])
    return _expect("status and field", found, (400, "pin.category"))


def lists_views(deployed: Deployed) -> str:
    """Query lists the views of Spark's job."""
    response = deployed.call("QueryUrl", "GET", "/views")
    listed = sorted(view["name"] for view in response.body["views"])
    given = deployed.client("s3").get_object(Bucket=deployed.outputs["LakeBucket"], Key="jobs/views.json")
    return _expect("views", listed, sorted(view["name"] for view in json.loads(given["Body"].read())))


def is_unavailable_without_store(deployed: Deployed) -> str:
    """Query connects to Keyspaces, finds nothing listening, and returns 503."""
    return _expect("status", deployed.call("QueryUrl", "GET", "/boundary").status, 503)


def holds_the_job(deployed: Deployed) -> str:
    """The lake's bucket has Spark's job as in the repository."""
    return _holds(deployed, "LakeBucket", "jobs/batch_views.py", ROOT / "spark" / "batch_views.py")


def holds_the_dag(deployed: Deployed) -> str:
    """Airflow's bucket has the DAG as in the repository."""
    return _holds(deployed, "DagBucket", "dags/pipeline.py", ROOT / "dags" / "pipeline.py")


def _holds(deployed: Deployed, bucket: str, key: str, file: Path) -> str:
    body = deployed.client("s3").get_object(Bucket=deployed.outputs[bucket], Key=key)["Body"].read()
    return "" if body == file.read_bytes() else f"{key} differs from {file.name}"


def holds_the_workflow(deployed: Deployed) -> str:
    """The workflow's definition is in its bucket, and the functions and the Spark application that it names exist."""
    bucket = deployed.physical_id("orchestration", "AWS::S3::Bucket", "WorkflowBucket")
    s3 = deployed.client("s3")
    (found,) = s3.list_objects_v2(Bucket=bucket, Prefix="workflows/")["Contents"]
    definition = yaml.safe_load(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    named = {(key, value) for key, value in _scalars(definition) if key in ("function_name", "application_id")}
    functions = deployed.client("lambda").get_paginator("list_functions").paginate().search("Functions[].FunctionName")
    there = {("function_name", name) for name in functions} | {("application_id", each) for each in _applications(deployed)}
    if not named:
        return f"{found['Key']} names neither a function nor an application"
    return _expect("named but missing resources", sorted(named - there), [])


def _scalars(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _scalars(each, str(name))
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each, key)
    else:
        yield key, value


def closed_the_default_group(deployed: Deployed) -> str:
    """CDK's custom resource emptied the network's default security group."""
    vpc = deployed.physical_id("network", "AWS::EC2::VPC", "Network")
    filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    (group,) = deployed.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return _expect("rules", group["IpPermissions"] + group["IpPermissionsEgress"], [])


def starts_spark(deployed: Deployed) -> str:
    """A job starts the Spark application."""
    client, application, job = submitted(deployed)
    client.cancel_job_run(applicationId=application, jobRunId=job)
    return _expect("state", client.get_application(applicationId=application)["application"]["state"], "STARTED")


def _applications(deployed: Deployed) -> list[str]:
    """One, or none where DuckDB computes all views."""
    return deployed.physical_ids("processing", "AWS::EMRServerless::Application", "SparkApplication")


def submitted(deployed: Deployed) -> tuple[Any, str, str]:
    """A client of EMR Serverless, and the ids of the application and of a job submitted to it."""
    client, (application,) = deployed.client("emr-serverless"), _applications(deployed)
    role = deployed.client("iam").get_role(RoleName=deployed.physical_id("processing", "AWS::IAM::Role", "SparkJobRole"))
    job = client.start_job_run(applicationId=application, executionRoleArn=role["Role"]["Arn"])["jobRunId"]
    return client, application, job


def was_denied_nothing(deployed: Deployed) -> str:
    """No function has been denied a call so far."""
    logs = deployed.client("logs")
    for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
        for event in logs.filter_log_events(logGroupName=group)["events"]:
            if "not authorized to perform" in event["message"]:
                return f"{group}: {event['message'][:300]}"
    return ""


def archives_as_far_as_its_role_goes(deployed: Deployed) -> str:
    """Archive writes a batch of records to the lake, and is denied without its permission on the bucket."""
    function = deployed.physical_id("processing", "AWS::Lambda::Function", "StepsArchiveFunction")
    role = deployed.physical_id("processing", "AWS::IAM::Role", "StepsArchiveRole")
    lake = deployed.outputs["LakeBucket"]
    problem = _invoked(deployed, function)
    if problem:
        return f"archive failed: {problem}"
    s3 = deployed.client("s3")
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=lake, Prefix="raw/").get("Contents", [])]
    if len(keys) != 1:
        return f"raw/ must hold one object, got {keys}"
    iam = deployed.client("iam")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    less = {**document, "Statement": [each for each in document["Statement"] if "s3:PutObject" not in each["Action"]]}
    try:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(less))
        problem = _invoked(deployed, function)
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))
    return "" if "not authorized to perform: s3:PutObject" in problem else f"it must be denied, got {problem!r}"


def _invoked(deployed: Deployed, function: str) -> str:
    """The error of a function that receives one record from Kafka. Empty if there is none."""
    event = {
        "eventSource": "aws:kafka",
        "records": {
            "posts-0": [
                {
                    "topic": "posts",
                    "partition": 0,
                    "offset": 0,
                    "timestamp": int(time.time() * 1000),
                    "timestampType": "LOG_APPEND_TIME",
                    "key": base64.b64encode(b"7").decode(),
                    "value": base64.b64encode(json.dumps(_POST).encode()).decode(),
                    "headers": [],
                }
            ]
        },
    }
    response = deployed.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(response["Payload"].read() or b"null")
    return str(payload) if response.get("FunctionError") else ""


CHECKS: tuple[Callable[[Deployed], str], ...] = (
    denies_strangers,
    accepts_nothing_without_brokers,
    names_what_is_wrong,
    is_unavailable_without_store,
    closed_the_default_group,
    was_denied_nothing,
    archives_as_far_as_its_role_goes,
)

#: Checks of an app with a Spark application.
OF_SPARK: tuple[Callable[[Deployed], str], ...] = (lists_views, holds_the_job, starts_spark)

#: Checks of an app that has the output.
BY_OUTPUT: Mapping[str, Callable[[Deployed], str]] = {"DagBucket": holds_the_dag, "WorkflowArn": holds_the_workflow}


def smoke(deployed: Deployed) -> Iterator[Check]:
    of_spark = OF_SPARK if _applications(deployed) else ()
    for check in (*of_spark, *CHECKS, *(check for output, check in BY_OUTPUT.items() if output in deployed.outputs)):
        name = (check.__doc__ or check.__name__).rstrip(".")
        try:
            yield Check(name, check(deployed))
        except Exception as error:  # noqa: BLE001 - any exception fails the check, and the others still run
            yield Check(name, f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    print(json.dumps([asdict(check) for check in smoke(Deployed(*sys.argv[1:]))]))

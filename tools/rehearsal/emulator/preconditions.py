"""
Checks of services at creation and deletion that CloudFormation doesn't know. A stack that works only because of
the order of its creation fails here.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from .registry import Properties, value_at


class Fixture(Protocol):
    """The current state of the emulator."""

    def properties(self, type_name: str) -> Mapping[str, Properties]:
        """Properties of the resources of a type, by physical id."""

    def bucket_keys(self, bucket: str) -> Collection[str] | None:
        """Keys of all objects and versions; None if the bucket does not exist."""

    def code(self, bucket: str, key: str) -> bytes | None:
        """A zip that was uploaded; None if there is none."""

    def is_versioned(self, bucket: str) -> bool: ...

    def has_log_group(self, name: str) -> bool: ...

    def role_allows(self, role: str, action: str) -> bool:
        """Whether any statement of the role's policies names the action; by the role's ARN."""

    def role_of(self, function: str) -> str:
        """ARN of a function's role; by the function's name or ARN."""

    def application_state(self, application: str) -> str:
        """State of an EMR Serverless application, by its id: ``CREATED``, ``STARTED`` or ``STOPPED``."""


Check = Callable[[Properties, Fixture], Iterator[str]]


def _lacking(fixture: Fixture, role: str, *actions: str) -> Iterator[str]:
    for action in actions:
        if not fixture.role_allows(role, action):
            yield f"the role {role.rsplit('/', 1)[-1]} does not allow {action} yet"


def _table(props: Properties, fixture: Fixture) -> Iterator[str]:
    if props["KeyspaceName"] not in fixture.properties("AWS::Cassandra::Keyspace"):
        yield f"there is no keyspace '{props['KeyspaceName']}'"


def _topic(props: Properties, fixture: Fixture) -> Iterator[str]:
    cluster = fixture.properties("AWS::MSK::Cluster").get(props["ClusterArn"])
    if cluster is None:
        yield f"there is no cluster '{props['ClusterArn']}'"
    elif int(props["ReplicationFactor"]) > int(cluster["NumberOfBrokerNodes"]):
        yield f"ReplicationFactor must be at most {cluster['NumberOfBrokerNodes']}, got {props['ReplicationFactor']}"


def _readable(bucket: str, key: str, fixture: Fixture) -> Iterator[str]:
    """
    Lambda unpacks a zip with its modes, and runs functions as another user. A file that others may not read, or a folder
    that they may not enter, is found only when a function starts.

    See https://repost.aws/knowledge-center/lambda-deployment-package-errors
    """
    code = fixture.code(bucket, key)
    if code is None:
        yield f"there is no '{key}' in '{bucket}' yet"
        return
    for entry in zipfile.ZipFile(io.BytesIO(code)).infolist():
        mode = stat.S_IMODE(entry.external_attr >> 16)
        needed = 0o005 if entry.is_dir() else 0o004
        if mode & needed != needed:
            yield f"'{entry.filename}' in '{key}' has mode {mode:03o}: functions may not read it"
            return


def _layer(props: Properties, fixture: Fixture) -> Iterator[str]:
    yield from _readable(props["Content"]["S3Bucket"], props["Content"]["S3Key"], fixture)


def _function(props: Properties, fixture: Fixture) -> Iterator[str]:
    if "S3Key" in props.get("Code", {}):
        yield from _readable(props["Code"]["S3Bucket"], props["Code"]["S3Key"], fixture)
    if props.get("VpcConfig"):
        yield from _lacking(fixture, props["Role"], "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces")


def _event_source(props: Properties, fixture: Fixture) -> Iterator[str]:
    if ":kafka:" in str(props.get("EventSourceArn", "")):
        role = fixture.role_of(props["FunctionName"])
        yield from _lacking(fixture, role, "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers")
        yield from _lacking(fixture, role, "kafka-cluster:Connect", "kafka-cluster:ReadData")


def _flow_log(props: Properties, fixture: Fixture) -> Iterator[str]:
    if props.get("LogDestinationType", "cloud-watch-logs") == "cloud-watch-logs":
        yield from _lacking(fixture, props["DeliverLogsPermissionArn"], "logs:PutLogEvents")


def _spark(props: Properties, fixture: Fixture) -> Iterator[str]:
    group = value_at(props, "MonitoringConfiguration.CloudWatchLoggingConfiguration.LogGroupName")
    if group is not None and not fixture.has_log_group(group):
        yield f"there is no log group '{group}'"


_AIRFLOW_LOGS = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}


def _airflow(props: Properties, fixture: Fixture) -> Iterator[str]:
    bucket = str(props["SourceBucketArn"]).rsplit(":", 1)[-1]
    keys = fixture.bucket_keys(bucket)
    if keys is None:
        yield f"there is no bucket '{bucket}'"
    elif not fixture.is_versioned(bucket):
        yield f"the bucket '{bucket}' must be versioned"
    elif not any(key.startswith(f"{props['DagS3Path']}/") for key in keys):
        yield f"there is nothing under '{props['DagS3Path']}/' in '{bucket}' yet"
    yield from _lacking(fixture, props["ExecutionRoleArn"], "airflow:PublishMetrics", "s3:GetObject", "s3:ListBucket")
    yield from _lacking(fixture, props["ExecutionRoleArn"], "s3:GetBucketPublicAccessBlock", "sqs:SendMessage")
    logging: Mapping[str, Any] = props.get("LoggingConfiguration") or {}
    for module, suffix in _AIRFLOW_LOGS.items():
        group = f"airflow-{props['Name']}-{suffix}"
        if (logging.get(module) or {}).get("Enabled") in (True, "true") and not fixture.has_log_group(group):
            yield f"there is no log group '{group}': MWAA would create one that never expires"


def _workflow(props: Properties, fixture: Fixture) -> Iterator[str]:
    bucket, key = (props["DefinitionS3Location"][name] for name in ("Bucket", "ObjectKey"))
    keys = fixture.bucket_keys(bucket)
    if keys is None:
        yield f"there is no bucket '{bucket}'"
    elif key not in keys:
        yield f"there is no '{key}' in '{bucket}' yet"
    yield from _lacking(fixture, props["RoleArn"], "s3:GetObject")
    group = value_at(props, "LoggingConfiguration.LogGroupName")
    if group is not None and not fixture.has_log_group(group):
        yield f"there is no log group '{group}'"


def _bucket_deletion(props: Properties, fixture: Fixture) -> Iterator[str]:
    keys = fixture.bucket_keys(props["physicalId"])
    if keys:
        yield f"The bucket you tried to delete is not empty: it has {len(keys)} objects, '{min(keys)}' among them"


def _keyspace_deletion(props: Properties, fixture: Fixture) -> Iterator[str]:
    tables = [each for each in fixture.properties("AWS::Cassandra::Table") if each.split("|")[0] == props["physicalId"]]
    if tables:
        yield f"the keyspace still has the tables {', '.join(sorted(tables))}"


def _stopped(props: Properties, fixture: Fixture) -> Iterator[str]:
    state = fixture.application_state(props["physicalId"])
    if state not in ("CREATED", "STOPPED"):
        yield f"Application {props['physicalId']} must be in one of the states [CREATED, STOPPED], it is {state}"


CREATION: Mapping[str, Check] = {
    "AWS::Cassandra::Table": _table,
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::EMRServerless::Application": _spark,
    "AWS::Lambda::EventSourceMapping": _event_source,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::MSK::Topic": _topic,
    "AWS::MWAA::Environment": _airflow,
    "AWS::MWAAServerless::Workflow": _workflow,
}

#: These and the next ones get ``physicalId`` beside the properties, which are those before the change.
CHANGE: Mapping[str, Check] = {
    "AWS::EMRServerless::Application": _stopped,
}

DELETION: Mapping[str, Check] = {
    "AWS::Cassandra::Keyspace": _keyspace_deletion,
    "AWS::EMRServerless::Application": _stopped,
    "AWS::S3::Bucket": _bucket_deletion,
}

"""Fakes of types that MiniStack lacks or can't run here, and that deployed functions use."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from ministack.core.lambda_runtime import execution_credentials
from ministack.services import ec2, lambda_svc, msk
from ministack.services.cloudformation import provisioners

from .registry import Properties
from .stubs import Provisioned


def ingress_create(logical_id: str, props: Properties, stack: str) -> Provisioned:
    """A rule of a security group, stored where EC2's API lists it."""
    group = ec2._security_groups.get(props["GroupId"])
    if group is None:
        raise ValueError(f"The security group '{props['GroupId']}' does not exist")
    group["IpPermissions"].extend(provisioners._ec2_sg_permissions([dict(props)]))
    rule = f"sgr-{uuid.uuid4().hex[:17]}"
    return rule, {"Id": rule}


def ingress_delete(physical_id: str, props: Properties) -> None:
    group = ec2._security_groups.get(props["GroupId"])
    for permission in provisioners._ec2_sg_permissions([dict(props)]) if group else []:
        group["IpPermissions"].remove(permission)


def cluster_create(logical_id: str, props: Properties, stack: str) -> Provisioned:
    """A cluster whose control plane responds: functions look up the brokers' addresses there."""
    status, _, body = msk._create_cluster(json.dumps(msk._camelize(dict(props))))
    response: dict[str, str] = json.loads(body)
    if status != 200:
        raise ValueError(response.get("message") or f"CreateCluster returned {status}")
    arn = response["clusterArn"]
    return arn, {"Arn": arn, "CurrentVersion": "K1"}


def cluster_update(physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
    msk._clusters[physical_id]["NumberOfBrokerNodes"] = new["NumberOfBrokerNodes"]
    return physical_id, {"Arn": physical_id, "CurrentVersion": "K2"}


def cluster_delete(physical_id: str, props: Properties) -> None:
    del msk._clusters[physical_id]


class Upload:
    """
    Does the work of CDK's `BucketDeployment` without the AWS CLI of its function's layer, which must lie under /opt. It uses the
    credentials of that function, so that its role's permissions are tested.
    """

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def create(self, logical_id: str, props: Properties, stack: str) -> Provisioned:
        self._copy(props)
        return f"aws.cdk.s3deployment.{uuid.uuid4()}", {
            "DestinationBucketArn": f"arn:aws:s3:::{props['DestinationBucketName']}",
            "SourceObjectKeys": props["SourceObjectKeys"],
        }

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        return physical_id, self.create("", new, stack)[1]

    def delete(self, physical_id: str, props: Properties) -> None:
        """The files are retained unless `RetainOnDelete` is false, as in the original."""
        if str(props.get("RetainOnDelete", "true")).lower() == "false":
            self._prune(self._client(props), props, keep=set())

    def _copy(self, props: Properties) -> None:
        client = self._client(props)
        prefix = str(props.get("DestinationBucketKeyPrefix", "")).strip("/")
        written: set[str] = set()
        for name, body in self._files(client, props):
            key = f"{prefix}/{name}" if prefix else name
            client.put_object(Bucket=props["DestinationBucketName"], Key=key, Body=body)
            written.add(key)
        if str(props.get("Prune", "true")).lower() == "true":
            self._prune(client, props, written)

    def _files(self, client: Any, props: Properties) -> Iterator[tuple[str, bytes]]:
        markers: list[Mapping[str, str]] = props.get("SourceMarkers") or [{}] * len(props["SourceObjectKeys"])
        sources = zip(props["SourceBucketNames"], props["SourceObjectKeys"], markers, strict=True)
        for bucket, key, values in sources:
            archive = client.get_object(Bucket=bucket, Key=key)["Body"].read()
            with zipfile.ZipFile(io.BytesIO(archive)) as unpacked:
                for name in unpacked.namelist():
                    if not name.endswith("/"):
                        yield name, _marked(unpacked.read(name), values)

    def _prune(self, client: Any, props: Properties, keep: set[str]) -> None:
        bucket = props["DestinationBucketName"]
        prefix = str(props.get("DestinationBucketKeyPrefix", "")).lstrip("/")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in page.get("Contents", []):
                if entry["Key"] not in keep:
                    client.delete_object(Bucket=bucket, Key=entry["Key"])

    def _client(self, props: Properties) -> Any:
        _, config, _ = lambda_svc._get_func_record_for_ref(props["ServiceToken"])
        if config is None:
            raise ValueError(f"there is no function '{props['ServiceToken']}'")
        credentials = execution_credentials(config)
        return boto3.client(
            "s3",
            endpoint_url=self._endpoint,
            region_name=config["FunctionArn"].split(":")[3],
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials["AWS_SESSION_TOKEN"],
        )


def _marked(body: bytes, markers: Mapping[str, str]) -> bytes:
    """Replaces each marker with its value, which is known only at deployment."""
    for marker, value in markers.items():
        body = body.replace(marker.encode(), value.encode())
    return body

"""The current state of the emulator, for the preconditions."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Collection, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, iam, lambda_svc, msk, s3

from .registry import Properties
from .spark import Spark
from .stubs import Stubs


class EmulatorFixture:
    """Reads MiniStack's own stores, and the stubs."""

    def __init__(self, stubs: Stubs, spark: Spark) -> None:
        self._stubs = stubs
        self._spark = spark

    def properties(self, type_name: str) -> Mapping[str, Properties]:
        if type_name == "AWS::MSK::Cluster":
            return dict(msk._clusters.items())
        return {physical_id: stub.props for physical_id, stub in self._stubs.living(type_name).items()}

    def bucket_keys(self, bucket: str) -> Collection[str] | None:
        found = s3._buckets.get(bucket)
        if found is None:
            return None
        versions = {key for (owner, key), stored in s3._object_versions.items() if owner == bucket and stored}
        return {*found["objects"], *versions}

    def code(self, bucket: str, key: str) -> bytes | None:
        found: bytes | None = lambda_svc._fetch_code_from_s3(bucket, key)
        return found

    def is_versioned(self, bucket: str) -> bool:
        return bool(s3._bucket_versioning.get(bucket) == "Enabled")

    def has_log_group(self, name: str) -> bool:
        return name in cloudwatch_logs._log_groups

    def role_allows(self, role: str, action: str) -> bool:
        found = iam._roles.get(role.rsplit("/", 1)[-1])
        documents = found["InlinePolicies"].values() if found else []
        return any(
            statement["Effect"] == "Allow" and any(fnmatch.fnmatch(action, each) for each in _list(statement["Action"]))
            for document in documents
            for statement in _list((json.loads(document) if isinstance(document, str) else document)["Statement"])
            if "Action" in statement
        )

    def application_state(self, application: str) -> str:
        return self._spark.state(application)

    def role_of(self, function: str) -> str:
        _, config, _ = lambda_svc._get_func_record_for_ref(function)
        if config is None:
            raise ValueError(f"there is no function '{function}'")
        return str(config["Role"])


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

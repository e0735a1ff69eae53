"""Fixes of MiniStack where it differs from AWS such that a correct deployment would fail, or a wrong one pass."""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import cloudformation, msk, s3
from ministack.services.cloudformation import handlers, stacks

from .registry import Properties

_CLUSTER = re.compile(r"/clusters/(arn:[^/]+/[^/]+/[^/]+)")


def over_tls() -> None:
    """Policies that require TLS see TLS, although the emulator serves plain HTTP on the loopback interface."""
    resolve = iam_evaluator._resolve_condition_key

    def resolved(key: str, context: iam_evaluator.EvalContext) -> object:
        return "true" if key.lower() == "aws:securetransport" else resolve(key, context)

    iam_evaluator._resolve_condition_key = resolved


def clusters_by_arn() -> None:
    """Uses the cluster's ARN in the path of a call, from which MiniStack derives another one."""
    extract = iam_actions.extract_resource_arn

    def extracted(service: str, method: str, path: str, *others: Any) -> str:
        cluster = _CLUSTER.search(path) if service == "kafka" else None
        return cluster.group(1) if cluster else str(extract(service, method, path, *others))

    iam_actions.extract_resource_arn = extracted


def distinct_nodes() -> None:
    """Lists brokers at distinct addresses, and controllers. MiniStack lists the first address only, and no controllers."""
    listed = msk._list_nodes

    def nodes(arn: str) -> Any:
        status, headers, body = listed(arn)
        if status != 200:
            return status, headers, body
        brokers: list[dict[str, Any]] = json.loads(body)["nodeInfoList"]
        name = msk._clusters[arn]["ClusterName"].lower()
        for number, broker in enumerate(brokers, start=1):
            broker["brokerNodeInfo"]["endpoints"] = [f"b-{number}.{name}.kafka.amazonaws.com"]
        controllers = [
            {"nodeType": "CONTROLLER", "controllerNodeInfo": {"endpoints": [f"c-{number}.{name}.kafka.amazonaws.com"]}}
            for number in range(10001, 10004)
        ]
        return status, headers, json.dumps({"nodeInfoList": [*brokers, *controllers]}).encode()

    msk._list_nodes = nodes


def exports_in_use() -> None:
    """Rejects an update that changes or removes an export that another stack imports. MiniStack rejects only deletions."""
    resolve = stacks._resolve_stack_outputs

    def importers(export: str) -> list[str]:
        deployed = [(name, stack) for name, stack in cloudformation._stacks.items() if "_template" in stack]
        return [name for name, stack in deployed if export in handlers._imported_export_names(stack, name)]

    def resolved(*arguments: Any) -> tuple[Any, dict[str, dict[str, str]]]:
        outputs, exports = resolve(*arguments)
        stack_id = arguments[-1]
        for name, old in list(cloudformation._exports.items()):
            new = exports.get(name)
            if old["StackId"] != stack_id or (new and new["Value"] == old["Value"]):
                continue
            if users := importers(name):
                verb = "updated" if new else "deleted"
                raise ValueError(f"Export {name} cannot be {verb} as it is in use by {' and '.join(sorted(users))}")
            if not new:
                cloudformation._exports.pop(name)
        return outputs, exports

    stacks._resolve_stack_outputs = resolved


def tag_bucket(bucket: str, props: Properties) -> None:
    """Adds the tags of a template's bucket, which MiniStack drops. CDK's function empties only tagged buckets."""
    tags = {tag["Key"]: tag["Value"] for tag in props.get("Tags") or []}
    if tags:
        s3._bucket_tags[bucket] = tags

"""
Lists the resources of the emulator through its APIs: ``python -m emulator.inventory ENDPOINT REGION``.
Prints a JSON array of ``kind name`` texts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import boto3

#: Service, paginated operation, field of the response, field of an entry; the entry itself if the last is empty.
_LISTS: Sequence[tuple[str, str, str, str]] = (
    ("apigatewayv2", "get_apis", "Items", "ApiId"),
    ("cloudformation", "list_stacks", "StackSummaries", "StackName"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("glue", "get_databases", "DatabaseList", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("kafka", "list_clusters", "ClusterInfoList", "ClusterArn"),
    ("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    ("lambda", "list_functions", "Functions", "FunctionName"),
    ("lambda", "list_layers", "Layers", "LayerName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("sns", "list_topics", "Topics", "TopicArn"),
    ("sqs", "list_queues", "QueueUrls", ""),
    ("ssm", "describe_parameters", "Parameters", "Name"),
)


def inventory(endpoint: str, region: str) -> Iterator[str]:
    """One text for each resource."""
    for service, operation, field, name in _LISTS:
        client: Any = boto3.client(service, endpoint_url=endpoint, region_name=region)
        pages = (
            client.get_paginator(operation).paginate() if client.can_paginate(operation) else [getattr(client, operation)()]
        )
        for page in pages:
            for entry in page.get(field) or []:
                if not str(entry.get("StackStatus") if isinstance(entry, dict) else "").startswith("DELETE_COMPLETE"):
                    yield f"{service} {entry[name] if name else entry}"


if __name__ == "__main__":
    print(json.dumps(sorted(inventory(sys.argv[1], sys.argv[2]))))

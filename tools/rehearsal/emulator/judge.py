"""Sits between MiniStack's stacks and its provisioners: checks what is asked for, and writes down what happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .preconditions import CHANGE, CREATION, DELETION, World
from .registry import Properties, Registry
from .stubs import Provisioned

#: Taken and shown by the APIs, but nothing comes of it.
NO_EFFECT: Mapping[str, str] = {
    "AWS::Lambda::EventSourceMapping": "Kafka is never polled",
    "AWS::EC2::VPC": "no packet passes through it",
    "AWS::EC2::Subnet": "no packet passes through it",
    "AWS::EC2::RouteTable": "no packet passes through it",
    "AWS::EC2::Route": "no packet passes through it",
    "AWS::EC2::SubnetRouteTableAssociation": "no packet passes through it",
    "AWS::EC2::InternetGateway": "no packet passes through it",
    "AWS::EC2::VPCGatewayAttachment": "no packet passes through it",
    "AWS::EC2::VPCEndpoint": "no packet passes through it",
    "AWS::EC2::SecurityGroup": "its rules are kept and let everything pass",
    "AWS::EC2::SecurityGroupIngress": "its rules are kept and let everything pass",
    "AWS::Glue::Database": "nothing queries the catalogue",
    "AWS::Glue::Table": "nothing queries the catalogue",
    "AWS::Athena::WorkGroup": "nothing queries the catalogue",
}

#: What is missing of types of which something does come.
LACKING: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Stage": "its limits let everything pass",
    "AWS::EMRServerless::Application": "its jobs do nothing",
    "AWS::MSK::Cluster": "its control plane answers, no broker listens",
    "AWS::S3::Bucket": "nothing expires or changes its storage class",
}

#: Bootstrapping is CDK's own template, whose empty texts the schemas refuse and AWS takes.
_UNJUDGED = "CDKToolkit"


class RefusedError(ValueError):
    """What CloudFormation or the service would say."""


class Judge:
    """Checks of each creation, update and deletion, and a line of JSON for each that went through."""

    def __init__(
        self,
        registry: Registry,
        world: World,
        ways: Mapping[str, str],
        record: Path,
        finish: Mapping[str, Callable[[str, Properties], None]],
    ) -> None:
        """
        :param ways: how a type is made, where it is not by MiniStack itself: ``stand-in`` or ``stub``
        :param finish: by type, what is left to do to a resource that MiniStack created or updated
        """
        self._registry = registry
        self._world = world
        self._ways = ways
        self._record = record
        self._finish = finish

    def creating(self, provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
        def create(type_name: str, logical_id: str, props: Properties, stack: str) -> Provisioned:
            if stack != _UNJUDGED:
                self._validate(type_name, props)
                check = CREATION.get(type_name)
                self._refuse(list(check(props, self._world)) if check else [])
            physical_id, attributes = provision(type_name, logical_id, props, stack)
            self._finished(type_name, physical_id, props)
            self._write("create", stack, type_name, logical_id, physical_id)
            return physical_id, attributes

        return create

    def updating(self, update: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
        def change(
            type_name: str,
            physical_id: str,
            old: Properties,
            new: Properties,
            stack: str,
            logical_id: str = "",
            attributes: Mapping[str, Any] | None = None,
        ) -> Provisioned:
            if old == new:
                return update(type_name, physical_id, old, new, stack, logical_id, attributes)
            if stack != _UNJUDGED:
                self._validate(type_name, new)
            check = CHANGE.get(type_name)
            self._refuse(list(check({**old, "physicalId": physical_id}, self._world)) if check else [])
            now, values = update(type_name, physical_id, old, new, stack, logical_id, attributes)
            self._finished(type_name, now, new)
            changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            self._write("update" if now == physical_id else "replace", stack, type_name, logical_id, now, changed)
            return now, values

        return change

    def deleting(self, delete: Callable[..., None]) -> Callable[..., None]:
        def remove(
            type_name: str, physical_id: str, props: Properties, stack: str | None = None, logical_id: str | None = None
        ) -> None:
            check = DELETION.get(type_name)
            self._refuse(list(check({**props, "physicalId": physical_id}, self._world)) if check else [])
            delete(type_name, physical_id, props, stack, logical_id)
            self._write("delete", stack, type_name, logical_id, physical_id)

        return remove

    def _validate(self, type_name: str, props: Properties) -> None:
        schema = self._registry.schema(type_name)
        self._refuse([f"Model validation failed ({line})" for line in schema.problems(props)] if schema else [])

    def _finished(self, type_name: str, physical_id: str, props: Properties) -> None:
        finish = self._finish.get(type_name)
        if finish:
            finish(physical_id, props)

    @staticmethod
    def _refuse(problems: list[str]) -> None:
        if problems:
            raise RefusedError("; ".join(problems))

    def _write(
        self,
        event: str,
        stack: str | None,
        type_name: str,
        logical_id: str | None,
        physical_id: str,
        changed: list[str] | None = None,
    ) -> None:
        line = {
            "event": event,
            "stack": stack,
            "type": type_name,
            "logicalId": logical_id,
            "physicalId": physical_id,
            "way": self._ways.get(type_name, "native"),
            "noEffect": NO_EFFECT.get(type_name),
            "lacking": LACKING.get(type_name),
            "changed": changed,
        }
        with self._record.open("a") as out:
            out.write(f"{json.dumps(line)}\n")

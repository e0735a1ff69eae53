"""Stub resources: checked properties, an identity and plausible attributes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .registry import Attribute, Properties, Registry, ResourceSchema, value_at

#: A physical id, the value of ``Ref``, and the attributes of ``Fn::GetAtt``.
Provisioned = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Place:
    """The target of a deployment."""

    account: str
    region: str


@dataclass(frozen=True)
class Stub:
    props: Properties
    attributes: Mapping[str, Any]


class AlreadyExistsError(ValueError):
    """CloudFormation's error for a taken name, e.g. when a resource with a fixed name has to be replaced."""


_SERVICES = {"MSK": "kafka", "EMRServerless": "emr-serverless", "MWAA": "airflow", "APS": "aps", "Cassandra": "cassandra"}

#: ARNs that policies name, in the form of AWS.
_ARNS: Mapping[str, str] = {
    "AWS::EMRServerless::Application": "/applications/{id}",
    "AWS::MSK::Configuration": "configuration/{Name}/{uuid}-1",
    "AWS::MWAA::Environment": "environment/{Name}",
}


class Stubs:
    """The stubs of this process, by type and physical id."""

    def __init__(self, registry: Registry, place: Callable[[], Place]) -> None:
        self._registry = registry
        self._place = place
        self._living: dict[tuple[str, str, str], Stub] = {}

    def living(self, type_name: str) -> Mapping[str, Stub]:
        """The stubs of a type, by physical id, in the current account and region."""
        where = self._where()
        return {pid: stub for (kind, at, pid), stub in self._living.items() if kind == type_name and at == where}

    def create(
        self, type_name: str, logical_id: str, props: Properties, stack: str, known: Mapping[str, Any] | None = None
    ) -> Provisioned:
        """
        :param known: attributes that are not generated
        :raises AlreadyExistsError: if the identity in the properties is taken
        """
        schema = self._schema(type_name)
        token = uuid.uuid4()
        generated = {each.name: self._attribute(schema, each, props, token) for each in schema.attributes}
        attributes = {**generated, **(known or {})}
        parts = [
            str(attributes.get(name) or value_at(props, name) or f"{stack}-{logical_id}-{uuid.uuid4().hex[:8]}")
            for name in schema.identifier
        ]
        physical_id = "|".join(parts)
        key = (type_name, self._where(), physical_id)
        if key in self._living:
            raise AlreadyExistsError(f"Resource of type '{type_name}' with identifier '{physical_id}' already exists.")
        self._living[key] = Stub(props, attributes)
        return physical_id, attributes

    def update(self, type_name: str, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        """Updates in place, or creates a new resource beside the old one, which the stack then deletes."""
        schema = self._schema(type_name)
        if schema.replaces(old, new):
            return self.create(type_name, physical_id.split("|")[-1], new, stack)
        key = (type_name, self._where(), physical_id)
        attributes = {
            name: value + 1 if name.endswith("Revision") and isinstance(value, int) else value
            for name, value in self._living[key].attributes.items()
        }
        self._living[key] = Stub(new, attributes)
        return physical_id, attributes

    def delete(self, type_name: str, physical_id: str) -> None:
        del self._living[(type_name, self._where(), physical_id)]

    def _where(self) -> str:
        place = self._place()
        return f"{place.account}/{place.region}"

    def _schema(self, type_name: str) -> ResourceSchema:
        schema = self._registry.schema(type_name)
        if schema is None:
            raise ValueError(f"'{type_name}' is not in the CloudFormation registry")
        return schema

    def _attribute(self, schema: ResourceSchema, attribute: Attribute, props: Properties, token: uuid.UUID) -> Any:
        """
        :param token: equal for all attributes of a resource: its ARN ends with its id
        """
        if attribute.type in ("integer", "number"):
            return 1
        if attribute.type == "boolean":
            return False
        if attribute.type == "array":
            return []
        if not attribute.name.endswith("Arn"):
            return token.hex[:16]
        if schema.type == "AWS::MSK::Topic":
            # arn:…:cluster/NAME/UUID and arn:…:topic/NAME/UUID/TOPIC
            return f"{str(props['ClusterArn']).replace(':cluster/', ':topic/', 1)}/{props['TopicName']}"
        _, service, kind = schema.type.split("::")
        pattern = _ARNS.get(schema.type, f"{kind.lower()}/{{id}}")
        resource = pattern.format_map({**props, "id": token.hex[:16], "uuid": token})
        place = self._place()
        name = _SERVICES.get(service, service.lower())
        return f"arn:aws:{name}:{place.region}:{place.account}:{resource}"

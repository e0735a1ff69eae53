"""The schemas of the CloudFormation registry, from cfn-lint's package."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import regex
from jsonschema import Draft7Validator, ValidationError, validators

Properties = Mapping[str, Any]

_LONGEST = 200


def _converts_to(value: object, type_name: str) -> bool:
    """Whether CloudFormation converts the value, as from text to numbers and booleans, and back."""
    match type_name:
        case "integer":
            return isinstance(value, str) and regex.fullmatch(r"-?\d+", value) is not None
        case "number":
            return isinstance(value, str) and regex.fullmatch(r"-?\d+(\.\d+)?", value) is not None
        case "boolean":
            return value in ("true", "false")
        case "string":
            return isinstance(value, (int, float))
    return False


def _type(validator: Any, types: str | list[str], value: object, _: Any) -> Iterator[ValidationError]:
    allowed = [types] if isinstance(types, str) else types
    if not any(validator.is_type(value, each) or _converts_to(value, each) for each in allowed):
        yield ValidationError(f"{value!r} is not of type {', '.join(map(repr, allowed))}")


def _pattern(_: Any, pattern: str, value: object, __: Any) -> Iterator[ValidationError]:
    """Checks patterns. Some are written for Java or JavaScript; one that does not compile here is skipped."""
    try:
        broken = isinstance(value, str) and regex.search(pattern, value) is None
    except regex.error:
        return
    if broken:
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = validators.extend(Draft7Validator, validators={"pattern": _pattern, "type": _type})


@dataclass(frozen=True)
class Attribute:
    """A value that a resource has once it exists: ``LatestRevision.Revision``."""

    name: str
    type: str


@dataclass(frozen=True)
class ResourceSchema:
    """The schema of one type of resource."""

    type: str
    document: Mapping[str, Any]

    def problems(self, props: Properties) -> list[str]:
        """One line for each property that CloudFormation would reject."""
        errors = sorted(_Validator(self.document).iter_errors(props), key=lambda error: list(map(str, error.path)))
        return [f"{'.'.join(map(str, error.path)) or 'Properties'}: {error.message[:_LONGEST]}" for error in errors]

    @property
    def identifier(self) -> tuple[str, ...]:
        """The properties that identify a resource of this type; joined by ``|`` they are its ``Ref``."""
        return self._names("primaryIdentifier")

    @property
    def create_only(self) -> tuple[str, ...]:
        """Properties whose change replaces the resource; dots separate nested names."""
        return self._names("createOnlyProperties")

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """The attributes of ``Fn::GetAtt``."""
        return tuple(Attribute(name, self._type_of(name)) for name in self._names("readOnlyProperties"))

    def replaces(self, old: Properties, new: Properties) -> tuple[str, ...]:
        """The changed properties that replace the resource."""
        return tuple(path for path in self.create_only if value_at(old, path) != value_at(new, path))

    def _names(self, key: str) -> tuple[str, ...]:
        pointers: list[str] = self.document.get(key) or []
        return tuple(pointer.removeprefix("/properties/").replace("/", ".") for pointer in pointers)

    def _type_of(self, path: str) -> str:
        node: Mapping[str, Any] = self.document
        for name in path.split("."):
            node = self._resolved((node.get("properties") or {}).get(name) or {})
        found = node.get("type", "string")
        return str(found[0] if isinstance(found, list) else found)

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        reference: str | None = node.get("$ref")
        if reference is None:
            return node
        for name in reference.removeprefix("#/").split("/"):
            node = (self.document if name == "definitions" else node)[name]
        return node


def value_at(props: Properties, path: str) -> Any:
    """The value of a nested property, or None."""
    value: Any = props
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


class Registry:
    """All types of a region."""

    def __init__(self, region: str) -> None:
        self._schemas = files("cfnlint") / "data" / "schemas"
        providers = self._schemas / "providers" / f"{region}.json"
        if not providers.is_file():
            raise ValueError(f"region must be one whose schemas cfn-lint has, got '{region}'")
        self._files: dict[str, str] = json.loads(providers.read_text())

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(self._files)

    @functools.cache  # noqa: B019 - one registry lives as long as the process
    def schema(self, type_name: str) -> ResourceSchema | None:
        """None for a type outside the registry, such as a custom resource."""
        name = self._files.get(type_name)
        if name is None:
            return None
        text = (self._schemas / "resources" / f"{name}.json").read_text()
        return ResourceSchema(type_name, _readable(json.loads(text)))


def _readable(node: Any) -> Any:
    """Python's engine evaluates `patternProperties`. A pattern that does not compile there matches any name."""
    if isinstance(node, list):
        return [_readable(each) for each in node]
    if not isinstance(node, dict):
        return node
    read = {key: _readable(value) for key, value in node.items()}
    if isinstance(patterns := read.get("patternProperties"), dict):
        read["patternProperties"] = {key if _compiles(key) else ".*": value for key, value in patterns.items()}
    return read


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True

"""The validator between MiniStack's stacks and its provisioners: it checks each request and records each change."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .preconditions import CHANGE, CREATION, DELETION, Fixture
from .registry import Properties, Registry
from .stubs import Provisioned

#: CDK's bootstrap template is not validated: the schemas reject its empty texts, but AWS accepts them.
_NOT_VALIDATED = "CDKToolkit"


class RejectedError(ValueError):
    """The error that CloudFormation or the service would return."""


class Validator:
    """Checks each creation, update and deletion, and writes a line of JSON for each that succeeds."""

    def __init__(
        self,
        registry: Registry,
        fixture: Fixture,
        makers: Mapping[str, str],
        record: Path,
        finish: Mapping[str, Callable[[str, Properties], None]],
    ) -> None:
        """
        :param makers: what makes a type that MiniStack does not make: ``fake`` or ``stub``
        :param finish: by type, what completes a resource that MiniStack created or updated
        """
        self._registry = registry
        self._fixture = fixture
        self._makers = makers
        self._record = record
        self._finish = finish

    def creating(self, provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
        def create(type_name: str, logical_id: str, props: Properties, stack: str) -> Provisioned:
            if stack != _NOT_VALIDATED:
                self._validate(type_name, props)
                check = CREATION.get(type_name)
                self._reject(list(check(props, self._fixture)) if check else [])
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
            if stack != _NOT_VALIDATED:
                self._validate(type_name, new)
            check = CHANGE.get(type_name)
            self._reject(list(check({**old, "physicalId": physical_id}, self._fixture)) if check else [])
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
            self._reject(list(check({**props, "physicalId": physical_id}, self._fixture)) if check else [])
            delete(type_name, physical_id, props, stack, logical_id)
            self._write("delete", stack, type_name, logical_id, physical_id)

        return remove

    def _validate(self, type_name: str, props: Properties) -> None:
        schema = self._registry.schema(type_name)
        self._reject([f"Model validation failed ({line})" for line in schema.problems(props)] if schema else [])

    def _finished(self, type_name: str, physical_id: str, props: Properties) -> None:
        finish = self._finish.get(type_name)
        if finish:
            finish(physical_id, props)

    @staticmethod
    def _reject(problems: list[str]) -> None:
        if problems:
            raise RejectedError("; ".join(problems))

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
            "maker": self._makers.get(type_name, "native"),
            "changed": changed,
        }
        with self._record.open("a") as out:
            out.write(f"{json.dumps(line)}\n")

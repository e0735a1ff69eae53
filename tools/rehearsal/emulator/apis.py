"""APIs of services that MiniStack lacks, as far as functions of the stacks call them, with the permissions of each call."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol

from ministack import app
from ministack.core import iam_actions
from ministack.services import tagging

#: Status, headers and body, as MiniStack's services return them.
Response = tuple[int, dict[str, str], bytes]

#: ARN and tags of a resource.
Tagged = tuple[str, list[Mapping[str, str]]]


class Api(Protocol):
    """A service with a REST API."""

    #: Its name in signatures, in IAM actions and in botocore.
    service: str
    #: The part of a call's path that ends the ARN of the resource.
    resource: re.Pattern[str]

    async def handle(self, method: str, path: str, body: bytes) -> Response: ...

    def tagged(self) -> Iterable[Tagged]:
        """Every resource, for conditions on tags."""


class ServiceError(Exception):
    """An error of the service, by the name of its exception."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.name = name


def response(value: Mapping[str, Any]) -> Response:
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


def serve(apis: Iterable[Api]) -> None:
    """Has MiniStack route calls to these APIs after it has evaluated the caller's permissions."""
    by_service = {api.service: api for api in apis}
    extract = iam_actions.extract_resource_arn

    def extracted(service: str, method: str, path: str, *others: Any) -> str:
        api = by_service.get(service)
        if api is None:
            return str(extract(service, method, path, *others))
        # They follow headers, body and query in MiniStack's call.
        region, account = others[-2:]
        found = api.resource.match(path)
        return f"arn:aws:{service}:{region}:{account}:{found.group()}" if found else "*"

    iam_actions.extract_resource_arn = extracted
    for service, api in by_service.items():
        app.SERVICE_HANDLERS[service] = _handler(api)
        iam_actions.SERVICE_TO_IAM_NAMESPACE[service] = service
        iam_actions._BOTOCORE_SERVICE_MAP[service] = [service]
        tagging._RESOURCE_TAG_COLLECTORS[service] = api.tagged


def _handler(api: Api) -> Callable[..., Awaitable[Response]]:
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any) -> Response:
        try:
            return await api.handle(method, path, body)
        except ServiceError as error:
            message = json.dumps({"message": str(error)}).encode()
            return error.status, {"Content-Type": "application/json", "x-amzn-errortype": error.name}, message

    return handle

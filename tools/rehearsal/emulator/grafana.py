"""
Managed Grafana: the fake in `tools/rehearsal/grafana` creates the workspace and serves its service accounts. The function
that applies the boards calls it as Grafana.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from .apis import Response, Tagged
from .registry import Properties
from .stubs import Provisioned, Stubs

WORKSPACE = "AWS::Grafana::Workspace"
_PATIENCE = 10


class Grafana:
    """Both halves: the type `AWS::Grafana::Workspace`, and the control API of the service."""

    service = "grafana"
    resource = re.compile(r"/workspaces/[^/]+")

    def __init__(self, stubs: Stubs, origin: str) -> None:
        """
        :param origin: origin of the fake, such as ``http://127.0.0.1:40000``
        """
        self._stubs = stubs
        self._origin = origin

    def create(self, logical_id: str, props: Properties, stack: str) -> Provisioned:
        status, _, body = self._request("POST", "/workspaces", b"{}")
        if status != HTTPStatus.OK:
            raise ValueError(f"CreateWorkspace returned {status}: {body.decode()}")
        made: Mapping[str, Any] = json.loads(body)["workspace"]
        known = {"Id": made["id"], "Endpoint": made["endpoint"]}
        return self._stubs.create(WORKSPACE, logical_id, props, stack, known)

    def update(self, physical_id: str, old: Properties, new: Properties, stack: str) -> Provisioned:
        return self._stubs.update(WORKSPACE, physical_id, old, new, stack)

    def delete(self, physical_id: str, props: Properties) -> None:
        self._stubs.delete(WORKSPACE, physical_id)
        self._request("DELETE", f"/workspaces/{physical_id}", b"")

    def tagged(self) -> Iterable[Tagged]:
        return ()

    async def handle(self, method: str, path: str, body: bytes) -> Response:
        return await asyncio.to_thread(self._request, method, path, body)

    def _request(self, method: str, path: str, body: bytes) -> Response:
        request = Request(f"{self._origin}{path}", data=body or None, method=method)
        try:
            with urlopen(request, timeout=_PATIENCE) as response:
                return response.status, {"Content-Type": "application/json"}, response.read()
        except HTTPError as error:
            names = {"x-amzn-errortype": error.headers.get("x-amzn-errortype") or "ValidationException"}
            return error.code, {"Content-Type": "application/json", **names}, error.read()

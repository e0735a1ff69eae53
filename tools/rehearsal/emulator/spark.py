"""
The part of EMR Serverless that stopping applications needs: a job starts its application, and a started application can be
neither updated nor deleted. Jobs run and do nothing until they are cancelled.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from .apis import Response, ServiceError, Tagged, response
from .stubs import Stub, Stubs

APPLICATION = "AWS::EMRServerless::Application"

_PATH = re.compile(r"/applications/(?P<id>[^/]+)(?P<rest>/stop|/jobruns(?:/(?P<job>[^/]+))?)?$")


class Spark:
    """The applications that the stacks created, and the jobs that were submitted to them."""

    service = "emr-serverless"
    resource = re.compile(r"/applications/[^/]+(/jobruns/[^/]+)?")

    def __init__(self, stubs: Stubs) -> None:
        self._stubs = stubs
        #: States of applications that were started or stopped, by id; others are `CREATED`.
        self._states: dict[str, str] = {}
        #: States by job, by application.
        self._jobs: dict[str, dict[str, str]] = {}

    def state(self, application: str) -> str:
        return self._states.get(application, "CREATED")

    def tagged(self) -> Iterable[Tagged]:
        for stub in self._stubs.living(APPLICATION).values():
            yield stub.attributes["Arn"], stub.props.get("Tags") or []

    async def handle(self, method: str, path: str, body: bytes) -> Response:
        found = _PATH.match(path)
        if found is None:
            raise ServiceError(400, "ValidationException", f"{method} {path} is not known here")
        application, rest, job = found["id"], found["rest"] or "", found["job"]
        stub = self._stubs.living(APPLICATION).get(application)
        if stub is None:
            raise ServiceError(404, "ResourceNotFoundException", f"Application {application} does not exist")
        jobs = self._jobs.setdefault(application, {})
        match method, rest:
            case "GET", "":
                return response({"application": self._shown(application, stub)})
            case "POST", "/stop":
                return response(self._stop(application, jobs))
            case "GET", "/jobruns":
                running = [_run(application, job, state) for job, state in jobs.items() if state == "RUNNING"]
                return response({"jobRuns": running})
            case "POST", "/jobruns":
                return response(self._start(application, stub, jobs))
        if method == "DELETE" and job in jobs:
            jobs[job] = "CANCELLED"
            return response({"applicationId": application, "jobRunId": job})
        raise ServiceError(404, "ResourceNotFoundException", f"{method} {path}: there is no such job")

    def _shown(self, application: str, stub: Stub) -> Mapping[str, Any]:
        now = {"applicationId": application, "arn": stub.attributes["Arn"], "state": self.state(application)}
        made = {"releaseLabel": stub.props["ReleaseLabel"], "type": stub.props["Type"], "createdAt": 0, "updatedAt": 0}
        return {**now, **made}

    def _stop(self, application: str, jobs: Mapping[str, str]) -> Mapping[str, Any]:
        running = [job for job, state in jobs.items() if state == "RUNNING"]
        if running:
            message = f"Application {application} has unfinished jobs: {', '.join(running)}"
            raise ServiceError(400, "ValidationException", message)
        self._states[application] = "STOPPED"
        return {}

    def _start(self, application: str, stub: Stub, jobs: dict[str, str]) -> Mapping[str, Any]:
        job = uuid.uuid4().hex[:16]
        jobs[job] = "RUNNING"
        self._states[application] = "STARTED"
        return {"applicationId": application, "jobRunId": job, "arn": f"{stub.attributes['Arn']}/jobruns/{job}"}


def _run(application: str, job: str, state: str) -> Mapping[str, Any]:
    return {"applicationId": application, "id": job, "state": state, "createdAt": 0, "updatedAt": 0}

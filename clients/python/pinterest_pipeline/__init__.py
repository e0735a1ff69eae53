"""Client of both APIs: sends posts in compressed batches, sends again what was not acknowledged, and asks for answers.

It needs the standard library, and botocore to sign requests where `auth` is `iam`.
"""

from __future__ import annotations

import gzip
import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any, NotRequired, TypedDict, cast

from .types import AnswerResponse, BoundaryResponse, PostRecord, RecordResult, ViewResponse

__all__ = ["PipelineClient", "RequestRejected", "Unanswered"]

MAX_WAIT_SECONDS = 30.0


class Unanswered(TypedDict):
    """No response about the record: the network, the API or its limits (429) were in the way at every attempt."""

    status: int
    error: dict[str, str]
    key: NotRequired[str]


class RequestRejected(Exception):
    """The API rejected a request as a whole, so further ones would fail as well: 403 for a wrong signature, for example."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status


class PipelineClient:
    """
    :param ingest_url: output `IngestUrl` of the deployment
    :param query_url: output `QueryUrl` of the deployment
    :param credentials: for `auth=iam`: of botocore, `boto3.Session().get_credentials()`; without them requests are not signed
    :param region: of the API
    :param headers: sent with each request: `Authorization` for `auth=jwt`
    :param batch_records: most records of a request
    :param batch_bytes: most bytes of a request before compression, unless one record is larger
    :param attempts: requests in which a record is sent at most
    :param backoff: seconds before the second attempt, doubled for each further one; the API's Retry-After has priority
    """

    def __init__(
        self,
        ingest_url: str,
        query_url: str,
        credentials: Any = None,
        region: str | None = None,
        headers: dict[str, str] | None = None,
        batch_records: int = 1_000,
        batch_bytes: int = 1_000_000,
        attempts: int = 5,
        backoff: float = 0.5,
    ) -> None:
        if credentials is not None and region is None:
            raise ValueError("region must be set where credentials are, got None")
        self._ingest_url = ingest_url.rstrip("/")
        self._query_url = query_url.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._headers = headers or {}
        self._batch_records = batch_records
        self._batch_bytes = batch_bytes
        self._attempts = attempts
        self._backoff = backoff

    def send(self, records: Iterable[PostRecord]) -> list[RecordResult | Unanswered]:
        """Sends posts, or sections of posts, which may come in any order, and twice.

        :return: one result per record, in their order. Status 503 is that of a record that was not acknowledged: send it again
        :raise RequestRejected: if a request was rejected as a whole
        """
        results: list[RecordResult | Unanswered] = []
        for batch in self._batches(records):
            results.extend(self._send_batch(batch))
        return results

    def view(self, name: str, **parameters: Any) -> ViewResponse:
        """A page of a view; `cursor=` of a page is that of the next."""
        return cast(ViewResponse, self._get(f"/views/{urllib.parse.quote(name)}", parameters))

    def answer(self, name: str, **parameters: Any) -> AnswerResponse:
        return cast(AnswerResponse, self._get(f"/answers/{urllib.parse.quote(name)}", parameters))

    def boundary(self) -> BoundaryResponse:
        return cast(BoundaryResponse, self._get("/boundary", {}))

    def _batches(self, records: Iterable[PostRecord]) -> Iterator[list[bytes]]:
        batch: list[bytes] = []
        size = 0
        for record in records:
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
            if len(batch) >= self._batch_records or (batch and size + len(line) + 1 > self._batch_bytes):
                yield batch
                batch, size = [], 0
            batch.append(line)
            size += len(line) + 1
        if batch:
            yield batch

    def _send_batch(self, batch: list[bytes]) -> list[RecordResult | Unanswered]:
        results: dict[int, RecordResult | Unanswered] = {}
        pending = list(range(len(batch)))
        for attempt in range(1, self._attempts + 1):
            answers, retry_after = self._post([batch[i] for i in pending])
            results.update(zip(pending, answers, strict=True))
            pending = [i for i in pending if results[i]["status"] == 503]
            if not pending or attempt == self._attempts:
                break
            wait = self._backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1)
            time.sleep(min(wait if retry_after is None else retry_after, MAX_WAIT_SECONDS))
        return [results[i] for i in range(len(batch))]

    def _post(self, lines: list[bytes]) -> tuple[list[RecordResult | Unanswered], float | None]:
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        try:
            status, body, received = self._call("POST", f"{self._ingest_url}/posts", headers, gzip.compress(b"\n".join(lines)))
        except (OSError, http.client.HTTPException) as error:
            # No response: whether the records arrived is unknown. To send them again is safe: a post counts once.
            status, body, received = 503, str(error), {}
        seconds = received.get("retry-after", "")
        retry_after = float(seconds) if seconds.isdigit() else None
        results = _results_in(body)
        if results is not None and len(results) == len(lines):
            return results, retry_after
        if status == 429 or status >= 500:
            unanswered = Unanswered(status=503, error={"field": "request", "message": f"{status}: {body}"})
            return [unanswered for _ in lines], retry_after
        if status == 413 and len(lines) == 1:
            # One record that is larger than a request may be.
            return [{"status": 413, "error": {"field": "body"}}], retry_after
        raise RequestRejected(status, body)

    def _get(self, path: str, parameters: dict[str, Any]) -> Any:
        query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value is not None})
        status, body, _ = self._call("GET", f"{self._query_url}{path}{'?' if query else ''}{query}", {}, None)
        if status != 200:
            raise RequestRejected(status, body)
        return json.loads(body)

    def _call(self, method: str, url: str, headers: dict[str, str], data: bytes | None) -> tuple[int, str, dict[str, str]]:
        signed = self._sign(method, url, {**self._headers, **headers}, data)
        request = urllib.request.Request(url, data=data, headers=signed, method=method)
        try:
            with urllib.request.urlopen(request, timeout=35) as response:
                return response.status, response.read().decode(), _lower(response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), _lower(error.headers)

    def _sign(self, method: str, url: str, headers: dict[str, str], data: bytes | None) -> dict[str, str]:
        if self._credentials is None:
            return headers
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method=method, url=url, headers=headers, data=data)
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(request)
        return dict(request.headers.items())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _results_in(body: str) -> list[RecordResult | Unanswered] | None:
    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    return parsed.get("results") if isinstance(parsed, dict) else None

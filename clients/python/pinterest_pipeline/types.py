"""Generated from docs/schemas/openapi.json by `npm run generate -- clients`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class Pin(TypedDict):
    """The pin: what was posted."""

    index: NotRequired[Index | None]
    ind: NotRequired[Index | None]
    category: str
    unique_id: NotRequired[str | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    poster_name: NotRequired[str | None]
    follower_count: NotRequired[str | float | None]
    tag_list: NotRequired[str | list[str] | None]
    is_image_or_video: NotRequired[str | None]
    image_src: NotRequired[str | None]
    downloaded: NotRequired[WholeNumber | WholeNumberDigits | bool | None]
    save_location: NotRequired[str | None]


class Geo(TypedDict):
    """Where and when it was posted."""

    ind: NotRequired[Index | None]
    index: NotRequired[Index | None]
    timestamp: NotRequired[str | None]
    latitude: NotRequired[float | NumberDigits | None]
    longitude: NotRequired[float | NumberDigits | None]
    country: NotRequired[str | None]


class User(TypedDict):
    """Who posted it."""

    ind: NotRequired[Index | None]
    index: NotRequired[Index | None]
    first_name: NotRequired[str | None]
    last_name: NotRequired[str | None]
    age: NotRequired[WholeNumber | WholeNumberDigits | None]
    date_joined: NotRequired[str | None]


class Post(TypedDict):
    """A post, or the sections of it that the client has: at least one."""

    pin: NotRequired[Pin | None]
    geo: NotRequired[Geo | None]
    user: NotRequired[User | None]


class ValidationError(TypedDict):
    """Why a value was not accepted: which field, what it held and what is allowed there. The same three texts reach the client of the ingest API, the quarantine object and the logs."""

    field: str
    value: str
    allowed: str


class ErrorField(TypedDict):
    """The short form of an error, where the answer about all records would be larger than 6 MB. To get the whole error, send the record alone."""

    field: str


class Accepted(TypedDict):
    """Accepted: the record is on the topic, acknowledged by all in-sync replicas."""

    status: Literal[202]
    key: str
    partition: float
    offset: float
    quarantine: NotRequired[ValidationError | ErrorField]


class ErrorDetail(TypedDict):
    field: str
    value: str
    allowed: str
    message: str


class Rejected(TypedDict):
    """Rejected: not a post, or too large (413). Sending it again has the same result."""

    status: Literal[400] | Literal[413]
    error: ErrorDetail | ErrorField


class NotTaken(TypedDict):
    """Kafka was unreachable or did not acknowledge the record in time. Send it again."""

    status: Literal[503]
    key: str
    error: ErrorDetail | ErrorField


class IngestResponse(TypedDict):
    """One result per record, in the order of the request."""

    accepted: float
    rejected: float
    notTaken: NotRequired[float]
    results: list[RecordResult]


class RequestError(TypedDict):
    """The body as a whole was rejected."""

    error: ErrorDetail


class ViewResponse(TypedDict):
    """`GET /views/{view}` with `answer=counts`: every key of the view with its value, in the order of keys, in pages."""

    boundary: str | None
    asOf: str | None
    intervals: dict[str, Any]
    buckets: dict[str, Any]
    view: str
    columns: list[str]
    rows: list[ResponseRow]
    cursor: NotRequired[str]
    truncated: NotRequired[Literal[True]]


class AnswerResponse(TypedDict):
    """`GET /answers/{name}`: one of the standard answers."""

    boundary: str | None
    asOf: str | None
    intervals: dict[str, Any]
    buckets: dict[str, Any]
    answer: str
    columns: list[str]
    rows: list[ResponseRow]
    truncated: NotRequired[Literal[True]]


class BoundaryResponse(TypedDict):
    """`GET /boundary`: the time boundary, up to which the batch layer serves. Instants are starts of intervals; null before the first."""

    interval: str | None
    firstInterval: str | None
    publishedAt: str | None
    reconciledInterval: str | None
    drift: float | None
    ageMs: float | None
    bucket: str | None
    firstBucket: str | None
    reconciledBucket: str | None


IndexNumber: TypeAlias = int
IndexDigits: TypeAlias = str
Index: TypeAlias = IndexNumber | IndexDigits
WholeNumber: TypeAlias = int
WholeNumberDigits: TypeAlias = str
NumberDigits: TypeAlias = str
PostRecord: TypeAlias = Post | Pin | Geo | User
RecordResult: TypeAlias = Accepted | Rejected | NotTaken
ResponseRow: TypeAlias = dict[str, str | float]

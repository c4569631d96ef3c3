"""The requests to an HTTP endpoint, and which of its answers mean that the records are delivered.

Pure but for `post`, which is one request over the network within bounds: no redirect is followed, no proxy used, and an
answer that is too long or too late is none.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/httpdeliveryrequestresponse.html and, of the same guide,
http_troubleshooting.html (codes of errors).
"""

import base64
import contextlib
import functools
import gzip
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from typing import Any

from wavetank.emulator.firehose.core.endpoint_url import EndpointUrl
from wavetank.emulator.firehose.core.processing import Part
from wavetank.emulator.firehose.core.settings import Endpoint

MAX_RECORDS = 10_000
MAX_BODY = 64 * 1024 * 1024
MAX_ANSWER = 1024 * 1024
MAX_TOLD = 1024  # bytes of an answer that an error message repeats
CONNECT_S = 10.0
ANSWER_S = 180.0
"""Seconds of the wall clock that an endpoint has to answer."""

FIRST_RETRY_S, LONGEST_RETRY_S, JITTER = 1.0, 120.0, 0.15
_ANSWER_FIELDS = frozenset({"requestId", "timestamp", "errorMessage"})
_USER_AGENT = "Amazon Kinesis Data Firehose Agent/1.0"


class EndpointError(Exception):
    """Records were not taken; `code` is AWS's name for why. A final one is not tried again, nor written to S3."""

    def __init__(self, code: str, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.code = f"HttpEndpoint.{code}"
        self.final = final


@dataclass(frozen=True)
class Answer:
    """The answer of an endpoint; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Request:
    """A request: its id is the same at every attempt."""

    id: str
    headers: Mapping[str, str]
    body: bytes


Post = Callable[[EndpointUrl, Request], Answer]
"""A function that makes one request and returns the answer, whatever it is; raises EndpointError when there is none."""


def batches(parts: Sequence[Part]) -> Iterator[tuple[Part, ...]]:
    """The parts in order, as many to a request as it may carry."""
    batch: list[Part] = []
    size = 0
    for part in parts:
        encoded = len(part.data) * 4 // 3 + 32
        if batch and (len(batch) == MAX_RECORDS or size + encoded > MAX_BODY):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(part)
        size += encoded
    if batch:
        yield tuple(batch)


def request_of(parts: Sequence[Part], endpoint: Endpoint, *, request_id: str, source_arn: str, now: float) -> Request:
    """The request that carries these parts; `now` is in seconds since the epoch."""
    records = [{"data": base64.b64encode(part.data).decode()} for part in parts]
    body = json.dumps({"requestId": request_id, "timestamp": int(now * 1000), "records": records}).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": _USER_AGENT,
        "X-Amz-Firehose-Protocol-Version": "1.0",
        "X-Amz-Firehose-Request-Id": request_id,
        "X-Amz-Firehose-Source-Arn": source_arn,
    }
    if endpoint.access_key:
        headers["X-Amz-Firehose-Access-Key"] = endpoint.access_key
    if endpoint.common_attributes:
        attributes = {"commonAttributes": dict(endpoint.common_attributes)}
        headers["X-Amz-Firehose-Common-Attributes"] = json.dumps(attributes)
    if endpoint.gzip:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return Request(request_id, headers, body)


def check(answer: Answer, request_id: str) -> None:
    """Return when the answer means that every record of the request is delivered; else raise EndpointError."""
    quoted = answer.body[:MAX_TOLD].decode("utf-8", "replace")
    if len(answer.body) > MAX_ANSWER:
        raise EndpointError("ResponseTooLarge", f"The response is larger than {MAX_ANSWER} bytes.")
    if answer.status != HTTPStatus.OK:
        raise EndpointError(
            "DestinationException",
            f"Received the following response from the endpoint destination. {answer.status}: {quoted}",
            final=answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )
    problem = _problem(answer, request_id)
    if problem:
        raise EndpointError(
            "InvalidResponseFromDestination",
            "The response received from the specified endpoint is invalid. Contact the owner of the endpoint to "
            f"resolve the issue. Response for request {request_id} {problem}. "
            f"Raw response received: {answer.status} {quoted}",
        )


def _problem(answer: Answer, request_id: str) -> str:
    """The rule that an answer of status 200 breaks; empty when it breaks none."""
    if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return "does not have the content type application/json"
    if "content-encoding" in answer.headers:
        return "is content-encoded"
    if answer.headers.get("content-length") != str(len(answer.body)):
        return "does not have the Content-Length of its body"
    try:
        value: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not _ANSWER_FIELDS.issuperset(value):
        return "is not recognized as valid JSON or has unexpected fields"
    if value.get("requestId") != request_id:
        return "does not have the requestId of the request"
    timestamp = value.get("timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        return "does not have a timestamp that is a number"
    return ""


def pause_s(attempts: int, rng: Random) -> float:
    """The wait after so many failed attempts, in seconds."""
    backoff = min(FIRST_RETRY_S * 2.0 ** min(attempts - 1, 16), LONGEST_RETRY_S)
    return backoff * rng.uniform(1 - JITTER, 1 + JITTER)


def post(url: EndpointUrl, request: Request) -> Answer:
    """Make a POST over a connection of its own. Raises EndpointError when there is no answer, or not in time."""
    connection = _connected(url)
    line, late = connection.sock, threading.Event()

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    # A time-out of the socket is for each read of it: an endpoint that answers byte by byte would never be late.
    alarm = threading.Timer(ANSWER_S, end)
    alarm.daemon = True
    alarm.start()
    try:
        connection.request("POST", url.target, request.body, dict(request.headers))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        body = response.read(MAX_ANSWER + 1)
        if late.is_set() or (response.length and len(body) <= MAX_ANSWER):
            raise http.client.IncompleteRead(body, response.length)
        return Answer(response.status, headers, body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise EndpointError("RequestTimeout", f"The endpoint did not answer within {ANSWER_S:.0f} s.") from error
        raise EndpointError("ConnectionReset", f"The connection ended before the answer did: {error!r:.200}") from error
    finally:
        alarm.cancel()
        connection.close()


def _connected(url: EndpointUrl) -> http.client.HTTPConnection:
    connection = (
        http.client.HTTPSConnection(url.host, url.port, timeout=CONNECT_S, context=_tls())
        if url.secure
        else http.client.HTTPConnection(url.host, url.port, timeout=CONNECT_S)
    )
    try:
        connection.connect()
    except ssl.SSLError as error:
        connection.close()
        raise EndpointError("SSLHandshakeFailure", f"No TLS connection to {url.host}: {error}") from error
    except (OSError, UnicodeError) as error:
        connection.close()
        raise EndpointError("ConnectionFailed", f"No connection to {url.host}:{url.port}: {error}") from error
    connection.sock.settimeout(ANSWER_S)
    return connection


_tls = functools.cache(ssl.create_default_context)

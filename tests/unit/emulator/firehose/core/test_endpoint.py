"""Requests to an HTTP endpoint, and which answers count."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.firehose.core import endpoint
from wavetank.emulator.firehose.core.buffer import Entry
from wavetank.emulator.firehose.core.endpoint import (
    MAX_RECORDS,
    Answer,
    EndpointError,
    Request,
    batches,
    check,
    pause_s,
    post,
)
from wavetank.emulator.firehose.core.endpoint_url import EndpointUrl
from wavetank.emulator.firehose.core.processing import Part

ID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"
GOOD = {"requestId": ID, "timestamp": 1578090903599}
REQUEST = Request(ID, {"Content-Type": "application/json"}, b"{}")


def answer(value: object = GOOD, status: int = 200, **headers: str) -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    defaults = {"content-type": "application/json", "content-length": str(len(body))}
    return Answer(status, defaults | {name.replace("_", "-"): text for name, text in headers.items()}, body)


def part(size: int = 1) -> Part:
    data = b"x" * size
    return Part(Entry(data, 1.0), data)


@pytest.mark.parametrize(
    "good", [answer(), answer({**GOOD, "errorMessage": ""}), answer(content_type="Application/JSON; charset=utf-8")]
)
def test_an_answer_by_the_rules_means_that_the_records_are_delivered(good: Answer) -> None:
    check(good, ID)


@pytest.mark.parametrize(
    "bad",
    [
        answer({"requestId": ID}),
        answer({"requestId": ID, "timestamp": "1578090903599"}),
        answer({"requestId": ID, "timestamp": True}),
        answer({"requestId": ID, "timestamp": 1.5}),
        answer({"requestId": "other", "timestamp": 1}),
        answer({"requestId": None, "timestamp": 1}),
        answer({**GOOD, "more": 1}),
        answer([GOOD]),
        answer(b""),
        answer(b"[" * 100_000),
        answer(content_type="text/json"),
        answer(content_encoding="gzip"),
        answer(content_length="1"),
        Answer(200, {"content-type": "application/json"}, json.dumps(GOOD).encode()),
    ],
)
def test_any_other_answer_of_200_is_invalid(bad: Answer) -> None:
    with pytest.raises(EndpointError) as caught:
        check(bad, ID)
    assert (caught.value.code, caught.value.final) == ("HttpEndpoint.InvalidResponseFromDestination", False)


@given(st.integers(100, 599).filter(lambda status: status != 200))
def test_any_other_status_is_a_refusal_and_only_413_is_final(status: int) -> None:
    with pytest.raises(EndpointError) as caught:
        check(answer(status=status), ID)
    assert (caught.value.code, caught.value.final) == ("HttpEndpoint.DestinationException", status == 413)


def test_a_request_carries_no_more_than_it_may() -> None:
    sizes = [[len(item.data) for item in batch] for batch in batches([part(20_000_000)] * 3 + [part()] * 10_001)]
    assert [len(size) for size in sizes] == [2, 10_000, 2]
    assert MAX_RECORDS == 10_000
    assert list(batches([])) == []


def test_pauses_double_from_a_second_to_two_minutes() -> None:
    pauses = [pause_s(attempts, Random(1)) for attempts in (1, 2, 3, 8, 1000)]
    for pause, middle in zip(pauses, (1, 2, 4, 120, 120), strict=True):
        assert middle * 0.85 <= pause <= middle * 1.15


@contextmanager
def server(reply: bytes, *, drip: bytes = b"") -> Iterator[EndpointUrl]:
    """Answers one request with these bytes, and then with those that drip, again and again."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked = b""
                while b"POST".startswith(asked[:4]) and not asked.endswith(REQUEST.body):
                    asked += connection.recv(65536)
                with contextlib.suppress(OSError):
                    connection.sendall(reply)
                    while drip and not ended.wait(0.01):
                        connection.sendall(drip)

        thread = threading.Thread(target=serve)
        thread.start()
        yield EndpointUrl.parse(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        ended.set()
        thread.join()


def code_of(url: EndpointUrl) -> str:
    with pytest.raises(EndpointError) as caught:
        post(url, REQUEST)
    return caught.value.code


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with server(b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as url:
        assert post(url, REQUEST).status == 307


def test_no_more_of_an_answer_is_read_than_it_may_have() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_100_000) as url:
        answer = post(url, REQUEST)
    assert len(answer.body) == 1024 * 1024 + 1
    with pytest.raises(EndpointError, match="larger than 1048576"):
        check(answer, ID)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", b"garbage\r\n\r\n"])
def test_an_answer_that_is_broken_off_or_none_is_a_connection_that_was_reset(reply: bytes) -> None:
    with server(reply) as url:
        assert code_of(url) == "HttpEndpoint.ConnectionReset"


def test_an_answer_that_does_not_come_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "ANSWER_S", 0.2)
    for head in (
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n",
    ):
        with server(head, drip=b"x") as url:
            assert code_of(url) == "HttpEndpoint.RequestTimeout"


def test_an_endpoint_without_tls_or_without_anybody_is_named_so() -> None:
    with server(b"plain\r\n\r\n") as url:
        secure = EndpointUrl(True, url.host, url.port, "/")
        assert code_of(secure) == "HttpEndpoint.SSLHandshakeFailure"
    assert code_of(url) == "HttpEndpoint.ConnectionFailed"

"""A request that the guard does not let in, from the wire to its answer and the log."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from wavetank.emulator.runtime.guard import Denial, Guard, Reason
from wavetank.emulator.serving.listener import Listener
from wavetank.emulator.serving.refusals import LINES, PER_S, DenialLog

WAIT_S = 10.0
HOST = b"Host: localhost\r\n"
EVIL = HOST + b"Origin: http://evil.example\r\n"
DENIED = Denial(Reason.ORIGIN, "no")

Address = tuple[str, int]


@pytest.fixture
def asked() -> list[str]:
    """The paths that came through to the application."""
    return []


@pytest.fixture
def address(asked: list[str]) -> Iterator[Address]:
    def application(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        start("200 OK", [("Content-Length", "4")])
        return [b"fine"]

    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(listening, application, _closed, Guard())
    listener.start()
    yield listening.getsockname()
    listener.close()


def _closed(connected: socket.socket, _beginning: bytes) -> None:
    connected.close()


def told(address: Address, data: bytes) -> bytes:
    """All that comes back until the server closes, while this side sends no more and does not close."""
    with socket.create_connection(address, timeout=WAIT_S) as client:
        client.sendall(data)
        heard = b""
        while more := client.recv(65536):
            heard += more
        return heard


@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"], ids=["at once", "when told to"])
@pytest.mark.parametrize("body", [b"Content-Length: 1000000000\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_the_answer_comes_before_the_body_which_nobody_is_told_to_send(
    address: Address, asked: list[str], expect: bytes, body: bytes
) -> None:
    heard = told(address, b"POST /x HTTP/1.1\r\n" + EVIL + expect + body + b"\r\n")
    assert heard.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert asked == []


def test_a_client_that_is_still_sending_gets_its_answer(address: Address) -> None:
    """A connection that is closed with bytes unread is reset, and the answer on it is lost."""
    body = bytes(8 << 20)
    heard = []
    with socket.create_connection(address, timeout=WAIT_S) as client:
        head = b"PUT /x HTTP/1.1\r\n" + EVIL + b"Content-Length: %d\r\n\r\n" % len(body)
        sending = threading.Thread(target=client.sendall, args=(head + body,))
        sending.start()
        sending.join()
        heard.append(client.recv(65536))
    assert heard[0].startswith(b"HTTP/1.1 403 Forbidden\r\n")


def test_what_was_sent_before_it_is_answered_first_and_what_comes_after_it_not_at_all(
    address: Address, asked: list[str]
) -> None:
    good = b"GET /%d HTTP/1.1\r\n" + HOST + b"\r\n"
    heard = told(address, good % 1 + b"POST /x HTTP/1.1\r\n" + EVIL + b"Content-Length: 1\r\n\r\nx" + good % 2)
    assert heard.index(b"fine") < heard.index(b"HTTP/1.1 403 Forbidden")
    assert heard.count(b"HTTP/1.1") == 2
    assert asked == ["/1"]


@pytest.mark.parametrize(
    ("hosts", "version"),
    [(b"", b"1.1"), (b"", b"1.0"), (HOST + HOST, b"1.1"), (HOST + b"Host: evil.example\r\n", b"1.0")],
)
def test_a_request_without_one_host_is_none(address: Address, asked: list[str], hosts: bytes, version: bytes) -> None:
    heard = told(address, b"GET / HTTP/" + version + b"\r\n" + hosts + b"\r\n")
    assert heard.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert asked == []


def test_programs_are_told_in_json_and_people_in_a_sentence(address: Address) -> None:
    request = b"GET / HTTP/1.1\r\n" + EVIL + b"%b\r\n"
    head, _, body = told(address, request % b"").partition(b"\r\n\r\n")
    document = json.loads(body)
    assert document["error"]["code"] == document["__type"] == "OriginNotAllowed"
    assert "http://evil.example" in document["error"]["message"]
    head, _, body = told(address, request % b"Accept: text/html,*/*;q=0.8\r\n").partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in head
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head
    assert body.startswith(b"Not let in: pages of 'http://evil.example' may not use this stack")


def test_head_is_answered_without_a_body(address: Address) -> None:
    assert told(address, b"HEAD / HTTP/1.1\r\n" + EVIL + b"\r\n").endswith(b"\r\n\r\n")


def test_the_log_has_a_line_for_each_up_to_a_rate_and_counts_the_rest(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("wavetank.emulator.serving.refusals.time.monotonic", lambda: now)
    log = DenialLog()
    with caplog.at_level(logging.WARNING):
        for _ in range(LINES + 7):
            log.note(DENIED, "GET", b"/a\r\nb" + b"x" * 100_000)
        now += PER_S
        log.note(DENIED, "GET", b"/later")
    lines = caplog.messages
    assert len(lines) == LINES + 2
    assert lines[0].startswith("not let in (OriginNotAllowed): GET '/a\\r\\nbx")
    assert len(lines[0]) < 400
    assert lines[LINES].startswith("7 more requests")
    assert "/later" in lines[-1]

"""Clients that mean no good, or know no better: each gets an answer in bounded time and memory, or none at all."""

import errno
import gc
import io
import logging
import os
import socket
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.unit.emulator.serving.kit import (
    WAIT_S,
    Application,
    Environ,
    Open,
    Start,
    all_of,
    asked,
    connected,
    said,
    serving,
    told,
)
from tests.waiting import until
from wavetank.emulator.serving import requests
from wavetank.emulator.serving.connection import Patience
from wavetank.emulator.serving.listener import Listener
from wavetank.emulator.serving.refusals import Refusal
from wavetank.emulator.serving.requests import (
    LARGEST_HEAD,
    LARGEST_IN_MEMORY,
    LARGEST_PARSED,
    LARGEST_TARGET,
    RequestParser,
)

Address = tuple[str, int]
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
GOOD = GET + b"Connection: close\r\n\r\n"
ENDLESS = 64 << 20
"""Bytes that are sent of what has no end, at most."""

NO_REQUESTS = {
    "two ways to say the length": POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "the same the other way round": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    "a list of lengths": POST + b"Content-Length: 3, 3\r\n\r\nabc",
    "a signed length": POST + b"Content-Length: +3\r\n\r\nabc",
    "a negative length": POST + b"Content-Length: -3\r\n\r\nabc",
    "a hexadecimal length": POST + b"Content-Length: 0x3\r\n\r\nabc",
    "a huge length": POST + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunked that is not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n",
    "a space before the colon": GET + b"X-A : 1\r\n\r\n",
    "a folded header": GET + b"X-A: 1\r\n 2\r\n\r\n",
    "a bare line feed": b"GET / HTTP/1.1\nHost: localhost\n\n",
    "a bare carriage return": GET + b"X-A: 1\rX-B: 2\r\n\r\n",
    "a NUL": GET + b"X-A: 1\x002\r\n\r\n",
    "a raw byte beyond ASCII in the target": b"GET /\xff HTTP/1.1\r\n\r\n",
    "an unknown method": b"FETCH / HTTP/1.1\r\n\r\n",
    "a chunk size that is none": CHUNKED + b"x\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\n",
    "a chunk that is longer than said": CHUNKED + b"1\r\nab\r\n",
    "a host that is no address": b"GET http://[::1/ HTTP/1.1\r\n\r\n",
    "garbage": bytes(range(128, 256)) * 4 + b"\r\n\r\n",
}


@pytest.mark.parametrize("sent", NO_REQUESTS.values(), ids=NO_REQUESTS)
def test_what_is_no_request_is_refused_with_400(address: Address, application: Application, sent: bytes) -> None:
    assert told(address, sent).startswith(b"HTTP/1.1 400 ")
    assert not application.asked


def test_a_head_may_be_long_and_have_many_headers(address: Address, application: Application) -> None:
    response, _ = asked(address, "GET", "/", headers={"X-Long": "x" * 100_000})
    assert response.status == 200
    many = b"".join(b"X-Header-%d: value\r\n" % number for number in range(10_000))
    assert told(address, GET + many + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert len(application.asked[1]["rolo.headers"]) == 10_002


@pytest.mark.parametrize(("length", "status"), [(LARGEST_TARGET, 200), (LARGEST_TARGET + 1, 414), (100_000, 414)])
@pytest.mark.parametrize("part", ["/", "/?x="], ids=["path", "query"])
def test_a_target_longer_than_8_kib_is_refused(address: Address, part: str, length: int, status: int) -> None:
    response, _ = asked(address, "GET", part + "a" * (length - len(part)))
    assert response.status == status


@pytest.mark.parametrize("name", ["Authorization", "accept", "HOST", "Cookie", "If-Match", "X-Amz-Target"])
@pytest.mark.parametrize(("length", "status"), [(LARGEST_PARSED, 200), (LARGEST_PARSED + 1, 431)])
def test_a_header_that_is_parsed_for_every_request_is_not_long(
    address: Address, name: str, length: int, status: int
) -> None:
    response, _ = asked(address, "GET", "/", headers={name: "x" * length})
    assert response.status == status


ENDLESS_HEADS = {
    "target": (b"GET /", b"a", 414),
    "header name": (GET, b"x", 431),
    "header value": (GET + b"X-A: ", b"x", 431),
    "row of headers": (GET, b"X-A: 1\r\n", 431),
    "row of empty lines": (b"", b"\r\n", 431),
    "trailer name": (CHUNKED + b"0\r\n", b"x", 431),
    "trailer value": (CHUNKED + b"0\r\nX-A: ", b"x", 431),
    "row of trailers": (CHUNKED + b"0\r\n", b"X-A: 1\r\n", 431),
    "chunk extension": (CHUNKED + b"1;x=", b"x", 431),
}


@pytest.mark.parametrize(("begin", "rest", "status"), ENDLESS_HEADS.values(), ids=ENDLESS_HEADS)
def test_what_has_no_end_is_refused_at_the_limit(
    address: Address, application: Application, begin: bytes, rest: bytes, status: int
) -> None:
    with connected(address) as client:
        client.sendall(begin + rest * (LARGEST_HEAD // len(rest) + 1))
        assert all_of(client).startswith(b"HTTP/1.1 %d " % status)
    assert not application.asked


@pytest.mark.parametrize(("begin", "rest", "status"), ENDLESS_HEADS.values(), ids=ENDLESS_HEADS)
def test_what_has_no_end_costs_no_more_memory_than_the_limit(begin: bytes, rest: bytes, status: int) -> None:
    """However it is cut, and also where the bytes of one request and of the next come together."""
    parser, fed = RequestParser(Open()), 0
    piece = rest * (100_000 // len(rest))
    parser.feed(CHUNKED + b"3\r\nabc\r\n0\r\n\r\n" + begin + piece)
    assert parser.next() is not None

    def feed_until_refused() -> None:
        nonlocal fed
        while parser.next() is None and fed < ENDLESS:
            parser.feed(piece)
            fed += len(piece)

    with pytest.raises(Refusal) as refused:
        feed_until_refused()
    assert refused.value.status == status
    assert fed < 2 * LARGEST_HEAD


def test_trailers_are_no_headers_of_this_request_or_the_next(address: Address, application: Application) -> None:
    told(address, CHUNKED + b"1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n" + GOOD)
    assert application.bodies == [b"a", b""]
    assert all("HTTP_X_TRAILER" not in environ for environ in application.asked)


def test_bytes_after_the_last_request_do_not_cost_it_its_answer(address: Address) -> None:
    heard = told(address, GOOD + b"\x00\x01 what is this\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert heard.count(b"HTTP/1.1") == 1


def test_what_is_no_request_is_refused_after_the_answers_to_those_before_it(address: Address) -> None:
    heard = told(address, GET + b"\r\n" + b"what is this\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 200 ")
    assert heard.count(b"HTTP/1.1 400 ") == 1


# Upgrades


def upgrade(to: bytes, method: bytes = b"GET", *, body: bytes = b"") -> bytes:
    head = b"%b /up HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n" % method
    settings = b"Upgrade: %b\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n" % to
    return head + settings + (b"Content-Length: %d\r\n" % len(body) if body else b"") + b"\r\n" + body


OTHER_UPGRADES = {
    "h2c": upgrade(b"h2c"),
    "h2c with a body": upgrade(b"h2c", b"POST", body=b"GET /no-request HTTP/1.1\r\n\r\n"),
    "something unknown": upgrade(b"foo/2"),
    "a WebSocket by POST": upgrade(b"websocket", b"POST", body=b"body"),
}


@pytest.mark.parametrize("sent", OTHER_UPGRADES.values(), ids=OTHER_UPGRADES)
@pytest.mark.parametrize("how", ["first", "second", "one byte at a time"])
def test_an_upgrade_that_is_not_ours_is_ignored_and_the_request_served(
    address: Address, application: Application, sent: bytes, how: str
) -> None:
    parts = {"first": [sent], "second": [GET + b"\r\n" + sent], "one byte at a time": [bytes([b]) for b in sent]}[how]
    heard = told(address, *parts, GOOD)
    assert heard.count(b"HTTP/1.1 200 OK") == len(application.asked)
    assert [environ["PATH_INFO"] for environ in application.asked][-2:] == ["/up", "/"]
    assert application.bodies[-2] == sent.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("how", ["first", "second", "one byte at a time"])
def test_a_websocket_is_handed_over_wherever_it_comes(
    address: Address, handed_over: list[bytes], application: Application, how: str
) -> None:
    sent = upgrade(b"h2c, WebSocket") + b"\x81\x85rest"
    head, frame = sent[:-6], sent[-6:]
    parts = {
        "first": [sent],
        "second": [GET + b"\r\n" + sent],
        # The frame goes with the last byte: whoever takes the connection may close it once the head is whole.
        "one byte at a time": [*(bytes([b]) for b in head[:-1]), head[-1:] + frame],
    }[how]
    with connected(address) as client:
        for part in parts:
            client.sendall(part)
        assert all_of(client).endswith(b"taken")
    assert handed_over[0].startswith(head)
    assert len(application.asked) == (how == "second")


@pytest.mark.parametrize("cut", [1, 3, 11])
def test_http_2_is_known_by_its_beginning_also_where_that_comes_in_pieces(
    address: Address, handed_over: list[bytes], cut: int
) -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    with connected(address) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        client.sendall(preface[:cut])
        client.sendall(preface[cut:])
        assert all_of(client) == b"taken"
    assert preface.startswith(handed_over[0])


def test_connect_is_not_implemented(address: Address, application: Application) -> None:
    assert told(address, b"CONNECT localhost:80 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 501 ")
    assert not application.asked


# Patience

IMPATIENT = Patience(idle_s=0.2, head_s=0.2, silence_s=0.2, body_bytes_per_s=1000, linger_silence_s=0.1)

SLOW = {
    "nothing": (b"", b"", b""),
    "nothing after a request": (GET + b"\r\n", b"", b"HTTP/1.1 200 "),
    "half a head": (b"GET / HT", b"", b"HTTP/1.1 408 "),
    "a head that drips": (GET, b"x", b"HTTP/1.1 408 "),
    "half a body": (POST + b"Content-Length: 1000\r\n\r\nabc", b"", b"HTTP/1.1 408 "),
    "a body that drips": (POST + b"Content-Length: 1000\r\n\r\n", b"x", b"HTTP/1.1 408 "),
    "chunks that drip": (CHUNKED, b"1\r\nx\r\n", b"HTTP/1.1 408 "),
}


@pytest.mark.parametrize(("begin", "drip", "answer"), SLOW.values(), ids=SLOW)
def test_a_connection_on_which_nothing_comes_forward_ends(
    application: Application, begin: bytes, drip: bytes, answer: bytes
) -> None:
    heard = b""
    with serving(application, [], IMPATIENT) as address, connected(address) as client:
        client.sendall(begin)
        client.settimeout(0.02)
        for _ in range(int(WAIT_S / 0.02)):
            try:
                more = client.recv(65536)
            except TimeoutError:
                client.sendall(drip)
                continue
            if not more:
                break
            heard += more
        else:
            pytest.fail("the connection goes on for ever")
    assert heard.startswith(answer)
    assert bool(heard) == bool(answer)


def test_a_request_is_worked_on_for_as_long_as_it_takes(application: Application) -> None:
    """Also where half of the next one is there already."""
    work = threading.Event()

    def answer(environ: Environ, start: Start) -> Iterable[bytes]:
        work.wait(4 * IMPATIENT.idle_s)
        return said(b"done")(environ, start)

    application.answer = answer
    with serving(application, [], IMPATIENT) as address, connected(address) as client:
        client.sendall(GET + b"\r\n" + GOOD[:10])
        assert b"done" in client.recv(65536)
        client.sendall(GOOD[10:])
        assert b"done" in all_of(client)


def test_a_body_may_take_its_time_if_it_comes_forward(application: Application) -> None:
    patience = Patience(silence_s=0.3, body_bytes_per_s=100)
    with serving(application, [], patience) as address, connected(address) as client:
        client.sendall(POST + b"Connection: close\r\nContent-Length: 2000\r\n\r\n")
        pause = threading.Event()
        for _ in range(20):
            client.sendall(b"x" * 100)
            pause.wait(0.03)
        assert all_of(client).startswith(b"HTTP/1.1 200 ")


def test_who_does_not_read_the_answer_is_not_waited_for_without_end(application: Application) -> None:
    closed = threading.Event()

    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.set()

    application.answer = answer
    with serving(application, [], Patience(unread_s=0.2)) as address, connected(address) as client:
        client.sendall(GET + b"\r\n")
        assert closed.wait(WAIT_S)


# Bodies and their files


def kept_files() -> int:
    """How many deleted files this process holds open."""
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            targets.append(link.readlink().name)
    return sum(target.endswith("(deleted)") for target in targets)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_the_file_of_an_upload_that_was_cut_off_is_closed_at_once(address: Address) -> None:
    before = kept_files()
    gc.disable()
    try:
        for _ in range(3):
            with connected(address) as client:
                client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + bytes(LARGEST_IN_MEMORY + 1))
                assert until(lambda: kept_files() > before)
            assert until(lambda: kept_files() == before)
    finally:
        gc.enable()


@pytest.mark.parametrize("rest", [b"", b"1234567GET /" + b"a" * (LARGEST_TARGET + 1)], ids=["incomplete", "refused"])
def test_what_was_parsed_of_a_connection_is_freed_without_the_garbage_collector(rest: bytes) -> None:
    gc.disable()
    try:
        parser = RequestParser(Open())
        parser.feed(POST + b"Content-Length: 10\r\n\r\nabc" + rest)
        gone = weakref.ref(parser)
        with suppress(Refusal):
            while parser.next() is not None:
                pass
        parser.close()
        del parser
        assert gone() is None
    finally:
        gc.enable()


class Failing(io.BytesIO):
    """A file that says at every write, or only when it is rewound, that it cannot."""

    def __init__(self, number: int, *, late: bool = False) -> None:
        super().__init__()
        self._error, self._late = OSError(number, os.strerror(number)), late

    def write(self, data: Any) -> int:
        if self._late:
            return len(data)
        raise self._error

    def seek(self, *args: int) -> int:
        raise self._error


@pytest.mark.parametrize("late", [False, True], ids=["at once", "at the end"])
@pytest.mark.parametrize(("number", "status"), [(errno.ENOSPC, 507), (errno.EDQUOT, 507), (errno.EMFILE, 500)])
def test_a_body_that_cannot_be_kept_is_refused_and_told_to_whoever_still_sends(
    address: Address,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    status: int,
    late: bool,
) -> None:
    monkeypatch.setattr(requests, "TemporaryFile", lambda: Failing(number, late=late))
    with caplog.at_level(logging.ERROR):
        response, body = asked(address, "PUT", "/", bytes(3 * LARGEST_IN_MEMORY))
    assert response.status == status
    assert os.strerror(number).encode() in body
    assert not application.asked
    assert os.strerror(number) in caplog.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_507(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "TemporaryFile", lambda: Path("/dev/full").open("r+b"))  # noqa: SIM115
    response, _ = asked(address, "PUT", "/", bytes(3 * LARGEST_IN_MEMORY))
    assert response.status == 507


def test_a_file_that_the_application_cannot_read_is_no_closed_connection(
    address: Address, application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(_environ: Environ, _start: Start) -> Iterable[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device")

    application.answer = answer
    with caplog.at_level(logging.ERROR):
        response, _ = asked(address, "GET", "/")
    assert response.status == 500
    assert "No space left" in caplog.text


# Descriptors and threads


class Scarce:
    """A listening socket that has no descriptor for the first connections."""

    def __init__(self, listening: socket.socket, *errors: int) -> None:
        self._listening, self._errors = listening, list(errors)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listening, name)

    def accept(self) -> Any:
        if self._errors:
            number = self._errors.pop(0)
            raise OSError(number, os.strerror(number))
        return self._listening.accept()


def test_scarcity_passes(application: Application, caplog: pytest.LogCaptureFixture) -> None:
    scarce = [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ECONNABORTED, errno.EMFILE]
    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(Scarce(listening, *scarce), application, lambda *_: None, Open())  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        listener.start()
        assert told(listening.getsockname(), GOOD).startswith(b"HTTP/1.1 200 ")
    listener.close()
    assert len([record for record in caplog.records if "have to wait" in record.message]) == 1


def test_a_connection_for_which_there_is_no_thread_waits_for_one(
    application: Application, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(listening, application, lambda *_: None, Open())
    listener.start()
    start, refusals = threading.Thread.start, iter([True] * 3)

    def scarce(thread: threading.Thread) -> None:
        if next(refusals, False):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", scarce)
    with caplog.at_level(logging.ERROR):
        assert told(listening.getsockname(), GOOD).startswith(b"HTTP/1.1 200 ")
    assert "can't start new thread" in caplog.text
    listener.close()


def test_a_listener_ends_when_it_is_closed_and_only_then(application: Application) -> None:
    def accepting() -> bool:
        return any(thread.name == "http-accept" for thread in threading.enumerate())

    assert until(lambda: not accepting())
    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(listening, application, lambda *_: None, Open())
    listener.start()
    assert accepting()
    listener.close()
    assert until(lambda: not accepting())


def test_floods_of_half_open_connections_leave_nothing_behind(address: Address) -> None:
    process = psutil.Process()
    threads, descriptors = process.num_threads(), process.num_fds()
    clients = [socket.create_connection(address) for _ in range(100)]
    for number, client in enumerate(clients):
        client.sendall([b"", b"GET / HT", POST + b"Content-Length: 10\r\n\r\nabc", b"P"][number % 4])
    assert asked(address, "GET", "/")[0].status == 200
    for client in clients:
        client.close()
    assert until(lambda: process.num_fds() <= descriptors and process.num_threads() <= threads)

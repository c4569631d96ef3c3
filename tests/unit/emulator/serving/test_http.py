"""The HTTP server against RFC 9112 and PEP 3333, over real sockets."""

import gzip
import os
import threading
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection

import pytest

from tests.unit.emulator.serving.kit import (
    WAIT_S,
    Application,
    Environ,
    Start,
    all_of,
    asked,
    connected,
    said,
    streamed,
    told,
)
from wavetank.emulator.runtime.clock import Clock
from wavetank.emulator.serving import responses
from wavetank.emulator.serving.listener import is_plain
from wavetank.emulator.serving.requests import LARGEST_HEAD


def test_a_request_arrives_as_it_was_sent(address: tuple[str, int], application: Application) -> None:
    asked(address, "POST", "/a%2Fb/c%20d?x=1&y=%2F", b"body", {"X-Amz-Meta_Odd": "Value", "Content-Type": "text/x"})
    environ = application.asked[0]
    assert application.bodies == [b"body"]
    assert (environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"]) == (
        "POST",
        "/a/b/c d",
        "x=1&y=%2F",
    )
    assert environ["RAW_URI"] == "/a%2Fb/c%20d?x=1&y=%2F"
    assert (b"X-Amz-Meta_Odd", b"Value") in environ["rolo.headers"]
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("text/x", "4")
    assert environ["REMOTE_ADDR"] == "127.0.0.1"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == (address[0], str(address[1]))


def test_a_header_that_comes_twice_is_one_variable_with_both_values(
    address: tuple[str, int], application: Application
) -> None:
    told(address, b"GET / HTTP/1.1\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n")
    assert application.asked[0]["HTTP_X_A"] == "1,2"


def test_a_target_with_scheme_and_host_is_the_path_alone(address: tuple[str, int], application: Application) -> None:
    told(address, b"GET http://s3.example:4566/b/k?tagging HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert (application.asked[0]["PATH_INFO"], application.asked[0]["QUERY_STRING"]) == ("/b/k", "tagging")


def test_a_connection_takes_one_request_after_the_other(address: tuple[str, int], application: Application) -> None:
    client = HTTPConnection(*address, timeout=WAIT_S)
    for number in range(3):
        client.request("PUT", f"/{number}", b"x" * number)
        assert client.getresponse().read() == b"fine"
    client.close()
    assert [environ["PATH_INFO"] for environ in application.asked] == ["/0", "/1", "/2"]
    assert application.bodies == [b"", b"x", b"xx"]


def test_requests_that_are_sent_at_once_are_answered_in_order(
    address: tuple[str, int], application: Application
) -> None:
    application.answer = lambda environ, start: said(environ["PATH_INFO"].encode())(environ, start)
    heard = told(address, b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert heard.index(b"\r\n\r\n/1") < heard.index(b"\r\n\r\n/2")


def test_a_body_in_chunks_arrives_whole_and_so_does_one_byte_at_a_time(
    address: tuple[str, int], application: Application
) -> None:
    head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    message = head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    told(address, *(bytes([byte]) for byte in message))
    assert application.bodies == [b"abcde"]


def test_a_client_that_waits_for_word_gets_it_before_it_sends_the_body(
    address: tuple[str, int], application: Application
) -> None:
    with connected(address) as client:
        client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert all_of(client).startswith(b"HTTP/1.1 200 OK")
    assert application.bodies == [b"abc"]


def test_a_client_that_does_not_wait_for_word_gets_none(address: tuple[str, int], application: Application) -> None:
    heard = told(
        address,
        b"PUT / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nabc",
    )
    assert heard.startswith(b"HTTP/1.1 200 OK")
    assert application.bodies == [b"abc"]


def test_an_answer_of_unknown_length_comes_in_chunks_as_they_are_made(
    address: tuple[str, int], application: Application
) -> None:
    heard_first = threading.Event()

    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        yield b"first"
        assert heard_first.wait(WAIT_S)
        yield b"second"

    application.answer = answer
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        heard = b""
        while b"first" not in heard:
            heard += client.recv(65536)
        heard_first.set()
        heard += all_of(client)
    assert b"Transfer-Encoding: chunked" in heard
    assert heard.endswith(b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n")


def test_an_older_client_gets_no_chunks_and_the_end_of_the_connection(
    address: tuple[str, int], application: Application
) -> None:
    application.answer = streamed(b"a", b"b")
    heard = told(address, b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"chunked" not in heard
    assert heard.endswith(b"\r\n\r\nab")


def test_an_older_client_can_keep_its_connection(address: tuple[str, int]) -> None:
    request = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    heard = told(address, request, b"GET / HTTP/1.0\r\n\r\n")
    assert heard.count(b"HTTP/1.1 200 OK") == 2
    assert b"Connection: keep-alive" in heard


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_the_length_of_what_head_leaves_out_is_told(
    address: tuple[str, int], application: Application, method: str
) -> None:
    response, body = asked(address, method, "/")
    assert response.getheader("Content-Length") == "4"
    assert body == (b"fine" if method == "GET" else b"")


def test_a_status_without_a_body_has_none(address: tuple[str, int], application: Application) -> None:
    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("204 No Content", [])
        return []

    application.answer = answer
    heard = told(address, b"DELETE / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert heard.endswith(b"\r\n\r\n")
    assert b"chunked" not in heard


def test_headers_of_the_answer_keep_their_case_and_have_the_date(
    address: tuple[str, int], application: Application
) -> None:
    application.answer = said(b"", "200 OK", ("x-amz-Meta-Case", "Kept"))
    heard = told(address, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"\r\nx-amz-Meta-Case: Kept\r\n" in heard
    assert b"\r\nDate: " in heard


def test_the_date_of_an_answer_is_the_emulators_as_the_dates_in_it_are(
    address: tuple[str, int], application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = Clock()
    ahead.advance(400 * 86_400)
    monkeypatch.setattr(responses, "CLOCK", ahead)
    application.answer = said(b"", "200 OK")
    heard = told(address, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    date = heard.partition(b"\r\nDate: ")[2].partition(b"\r\n")[0]
    assert ahead.now() - parsedate_to_datetime(date.decode()).timestamp() < 60


def test_what_is_not_http_is_refused_and_the_connection_closed(address: tuple[str, int]) -> None:
    assert told(address, b"what is this\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request")


def test_two_lengths_that_differ_are_refused(address: tuple[str, int], application: Application) -> None:
    heard = told(address, b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 400 Bad Request")
    assert not application.asked


def test_headers_without_end_are_refused(address: tuple[str, int]) -> None:
    heard = told(address, b"GET / HTTP/1.1\r\n", b"X-Long: " + b"x" * (LARGEST_HEAD + 1) + b"\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 431 ")


def test_an_application_that_raises_is_an_answer_with_status_500(
    address: tuple[str, int], application: Application
) -> None:
    def answer(_environ: Environ, _start: Start) -> Iterable[bytes]:
        raise ValueError("broken")

    application.answer = answer
    response, _ = asked(address, "GET", "/")
    assert response.status == 500


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(
    address: tuple[str, int], application: Application
) -> None:
    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        yield b"half"
        raise ValueError("broken")

    application.answer = answer
    heard = told(address, b"GET / HTTP/1.1\r\n\r\n")
    assert b"half" in heard
    assert not heard.endswith(b"0\r\n\r\n")


def test_an_answer_is_closed_when_its_client_has_gone(address: tuple[str, int], application: Application) -> None:
    closed = threading.Event()

    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.set()

    application.answer = answer
    with connected(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        client.recv(10)
    assert closed.wait(WAIT_S)


@pytest.mark.parametrize(
    "beginning",
    [
        bytes([0x16, 3, 1]) + b"rest of a handshake",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ids=["TLS", "HTTP/2", "WebSocket"],
)
def test_a_connection_that_begins_otherwise_is_handed_over_unread(
    address: tuple[str, int], handed_over: list[bytes], beginning: bytes
) -> None:
    assert told(address, beginning) == b"taken"
    assert handed_over == [beginning]


def test_an_upgrade_in_a_body_or_a_name_is_none() -> None:
    assert is_plain(b"GET / HTTP/1.1\r\nX-Upgrade: websocket\r\n\r\n")
    assert is_plain(b"GET /upgrade:websocket HTTP/1.1\r\n\r\n")


def test_a_body_that_is_large_arrives_whole(address: tuple[str, int], application: Application) -> None:
    body = bytes(range(256)) * (18 * 4096)
    asked(address, "PUT", "/", body)
    assert application.bodies == [body]


@pytest.mark.parametrize("size", [100, 17 * 2**20], ids=["in memory", "in a file"])
def test_a_compressed_body_can_be_read_through_gzip(
    address: tuple[str, int], application: Application, size: int
) -> None:
    """As LocalStack reads what botocore has compressed."""
    body, found = os.urandom(size), []

    def answer(environ: Environ, start: Start) -> Iterable[bytes]:
        environ["wsgi.input"].seek(0)
        found.append(gzip.GzipFile(fileobj=environ["wsgi.input"]).read())
        return said(b"")(environ, start)

    application.answer = answer
    asked(address, "PUT", "/", gzip.compress(body, compresslevel=1))
    assert found == [body]

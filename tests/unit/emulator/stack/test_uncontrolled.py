"""A stack without a control API is told from one that has it, and nobody takes its silence for an answer."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from wavetank.emulator.errors import NotWavetank, Unreachable
from wavetank.emulator.stack.stack import ExternalStack
from wavetank.emulator.stack.uncontrolled import UncontrolledStack, detect


@contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """A server that says the same to everybody."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"<Error>NoSuchBucket</Error>"), (403, json.dumps({"error": {"message": "not you"}}).encode())],
)
def test_a_stack_that_does_not_answer_us_with_a_status_is_plain(status: int, body: bytes) -> None:
    with answering(status, body) as url:
        assert isinstance(detect(ExternalStack(url)), UncontrolledStack)


def test_a_stack_with_a_control_api_is_left_as_it_is() -> None:
    with answering(200, b'{"ready": true}') as url:
        stack = ExternalStack(url)
        assert detect(stack) is stack


def test_a_stack_that_is_not_there_is_not_taken_for_a_plain_one() -> None:
    with pytest.raises(Unreachable):
        detect(ExternalStack("http://127.0.0.1:1"))


def test_nothing_is_set_or_has_struck_where_there_is_no_control_api() -> None:
    control = UncontrolledStack("http://127.0.0.1:1").control
    control.clear_faults()
    assert (control.faults(), control.activity()) == ([], [])
    assert abs(control.now() - time.time()) < 1


def test_what_needs_a_control_api_is_refused_where_there_is_none() -> None:
    stack = UncontrolledStack("http://127.0.0.1:1")
    for call in (lambda: stack.control.add_fault({}), stack.settle, lambda: stack.control.advance_clock(1.0)):
        with pytest.raises(NotWavetank, match="no control API"):
            call()

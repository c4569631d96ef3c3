"""The control client tells apart: an answer, a refusal, a server without control API, and nothing at all."""

import json
import threading
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from wavetank.emulator.errors import ControlRefused, NotSettled, NotWavetank, Unreachable
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.control import Control
from wavetank.emulator.stack.process import listen

BEHIND = Pending("esm", "processor", "10 records behind", until=1_800_000_000.5, by_fault=True)
ANSWERS: dict[str, tuple[int, bytes]] = {
    "/_wavetank/status": (404, b"<Error>NoSuchBucket</Error>"),
    "/_wavetank/faults": (400, json.dumps({"error": {"message": "no such point"}}).encode()),
    "/_wavetank/clock": (200, b'{"now": 7.5, "offset_s": 2}'),
    "/_wavetank/settle?timeout=1": (
        409,
        json.dumps({"settled": False, "pending": [asdict(BEHIND)]}).encode(),
    ),
}


class Handler(BaseHTTPRequestHandler):
    """Answers what `ANSWERS` says, whatever the method."""

    def do_POST(self) -> None:
        status, body = ANSWERS[self.path]
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def control() -> Iterator[Control]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Control(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def test_an_answer_is_returned(control: Control) -> None:
    assert control.advance_clock(2) == 7.5


def test_a_refusal_carries_the_reason_that_the_stack_gives(control: Control) -> None:
    with pytest.raises(ControlRefused, match="no such point") as refused:
        control.add_fault({"point": "nowhere"})
    assert refused.value.status == 400


def test_what_is_still_in_flight_is_told(control: Control) -> None:
    with pytest.raises(NotSettled, match="esm: 10 records behind") as late:
        control.settle(timeout_s=1)
    assert late.value.pending == (BEHIND,)


def test_a_server_without_a_control_api_is_not_taken_for_a_stack(control: Control) -> None:
    with pytest.raises(NotWavetank, match="not a wavetank stack"):
        control.status()


def test_nothing_at_the_endpoint_is_told_with_its_address() -> None:
    with listen(0) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    with pytest.raises(Unreachable, match=url):
        Control(url).status()

"""Anything that speaks AWS can be drilled: without a control API what is portable runs, the rest is skipped by name.

The endpoint is a stack behind a forwarder that keeps the control API to itself.
"""

import http.client
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e.commands import wavetank
from tests.effort import VARIABLE
from wavetank.emulator.stack.control import PATH
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

INTERVAL_S = "0.5"
QUIET_S = "6"
EVENTS = "60"
pytestmark = pytest.mark.skipif(VARIABLE not in os.environ, reason="waits for real time: `make long-test`")
DRILLS = ("control", "hot-shard", "duplicates", "container-killed")


class Forwarder(BaseHTTPRequestHandler):
    """Passes everything on to `port` but the control API."""

    protocol_version = "HTTP/1.1"
    port = 0

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith(PATH):
            return self._answer(404, [], b"<Error>no such bucket</Error>")
        target = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            target.request(self.command, self.path, body, dict(self.headers.items()))
            answer = target.getresponse()
            return self._answer(answer.status, answer.getheaders(), answer.read())
        finally:
            target.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        length = next((value for name, value in headers if name.lower() == "content-length"), str(len(body)))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815 - named so by http.server

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def url(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("WAVETANK_FIREHOSE_MAX_INTERVAL_S", INTERVAL_S)
    with EmbeddedStack.up(home=own_home) as stack:
        monkeypatch.setattr(Forwarder, "port", stack.port)
        with ThreadingHTTPServer(("127.0.0.1", 0), Forwarder) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def test_portable_drills_run_and_the_others_are_skipped_by_name(url: str, tmp_path: Path) -> None:
    out = tmp_path / "drills.json"
    ran = wavetank(url, "drill", *DRILLS, "--events", EVENTS, "--quiet", QUIET_S, "--json", str(out))
    assert ran.exit_code == 0, ran.stdout
    told = json.loads(out.read_text())
    assert {drill["name"]: drill["verdict"] for drill in told["drills"]} == {"control": "pass", "hot-shard": "pass"}
    reasons = {skip["name"]: skip["reason"] for skip in told["skipped"]}
    assert url in reasons["duplicates"]
    assert "--docker" in reasons["container-killed"]

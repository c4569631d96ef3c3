"""Servers beside a stack: of hostile pages, a decoy that lets everything in, and a name that rebinds."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOSTILE = Path(__file__).with_name("hostile.html").read_text(encoding="utf-8")
WORKER = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("message", async (event) => {
  await Promise.allSettled(event.data.map((link) => fetch(link, { mode: "no-cors", referrerPolicy: "no-referrer" })));
  event.source.postMessage("done");
});
"""
DOT = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"></svg>'
SECRET = b"window.secret = 'read';"


@dataclass
class Hostile:
    """A server whose `/page-…` are hostile by a plan each, and whose `/redirect` sends browsers on."""

    plans: dict[str, dict[str, Any]] = field(default_factory=dict)
    reports: "Queue[dict[str, Any]]" = field(default_factory=Queue)

    def page(self, path: str) -> str | None:
        """The page of a path."""
        plan = self.plans.get(path)
        return None if plan is None else page_of(plan)


def page_of(plan: dict[str, Any]) -> str:
    """The hostile page with its plan: its own name, its targets, where it reports to, and which page is next."""
    return HOSTILE.replace("= PLAN;", f"= {json.dumps(plan)};")


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """A server on a free port of loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Quiet(BaseHTTPRequestHandler):
    """Answers, and prints nothing."""

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def answer(self, body: bytes, kind: str = "text/html", status: int = 200, *more: tuple[str, str]) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *more):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        """What was sent."""
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


def hostile_handler(hostile: Hostile) -> type[BaseHTTPRequestHandler]:
    """Serves the pages, their worker and their redirects; takes their reports."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            page = hostile.page(url.path)
            if page is not None:
                self.answer(page.encode())
            elif url.path == "/worker.js":
                self.answer(WORKER.encode(), "text/javascript")
            elif url.path == "/redirect":
                self.answer(b"", "text/html", 302, ("Location", parse_qs(url.query)["to"][0]))
            else:
                self.answer(b"", "text/html", 404)

        def do_POST(self) -> None:
            hostile.reports.put(json.loads(self.body()))
            self.answer(b"")

    return Handler


def decoy_handler(heard: list[str]) -> type[BaseHTTPRequestHandler]:
    """Takes everything, says yes to every preflight, and notes what it was asked: a stack without a guard."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            heard.append(f"{self.command} {self.path} {self.body().decode('latin-1')}")
            everyone = [("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*")]
            if self.path.startswith("/victim/dot.svg"):
                self.answer(DOT, "image/svg+xml", 200, *everyone)
            elif self.path.startswith("/victim/data.js"):
                self.answer(SECRET, "text/javascript", 200, *everyone)
            else:
                self.answer(b"", "text/plain", 200, *everyone)

        do_POST = do_PUT = do_OPTIONS = do_HEAD = do_GET  # noqa: N815

    return Handler


class Rebinding:
    """A name's server for one path, and for all others, byte by byte, what the name resolves to from then on."""

    page = b""

    def __init__(self, path: str, then: int) -> None:
        self._path, self._then = path, then
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            beginning = client.recv(65536)
            if beginning.startswith(f"GET {self._path} ".encode()):
                head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(self.page)}\r\n"
                client.sendall(head.encode() + b"Connection: close\r\n\r\n" + self.page)
            elif beginning:
                self._pipe(client, beginning)

    def _pipe(self, client: socket.socket, beginning: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._then)) as stack:
            stack.sendall(beginning)
            back = threading.Thread(target=_copy, args=(stack, client), daemon=True)
            back.start()
            _copy(client, stack)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return

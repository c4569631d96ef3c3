"""An HTTP endpoint for delivery streams: takes requests, and answers as the test says."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it came in; the names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """The JSON document."""
        packed = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.raw) if packed else self.raw)

    @property
    def id(self) -> str:
        return self.headers["x-amz-firehose-request-id"]


@dataclass(frozen=True)
class Reply:
    """What to answer; without a body, what Firehose expects."""

    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Received], Reply]


class HttpEndpoint:
    """The endpoint: its URL, the requests so far, and `answer`, which tells what the next one is answered."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Answer = lambda _request: Reply()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                request = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
                endpoint.received.append(request)
                reply = endpoint.answer(request)
                body = reply.body
                if body is None:
                    body = json.dumps({"requestId": request.id, "timestamp": 1578090903599}).encode()
                headers = {"Content-Type": "application/json", "Content-Length": str(len(body))} | reply.headers
                self.send_response(reply.status)
                for name, value in headers.items():
                    if value:
                        self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator["HttpEndpoint"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

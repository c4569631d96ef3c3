"""Requests as they are written here, byte by byte, over each protocol that the one port of a stack speaks."""

import socket
import ssl
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http.client import HTTPResponse

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset

WAIT_S = 20.0

Header = tuple[str, str]


class Wire(StrEnum):
    """A protocol."""

    PLAIN = "http"
    TLS = "https"
    HTTP_2 = "h2 with prior knowledge"
    HTTP_2_TLS = "h2 over TLS"


@dataclass(frozen=True)
class Ask:
    """A request. The body is announced; `is_cut`: and not sent."""

    method: str
    target: str
    headers: Sequence[Header] = ()
    body: bytes = b""
    is_cut: bool = False


@dataclass(frozen=True)
class Answer:
    """A response; `headers` in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def send(port: int, wire: Wire, ask: Ask) -> Answer:
    """The answer to a request; of `ask.headers` the first has to be the host."""
    with closing(_connected(port, wire)) as connected:
        if wire in (Wire.PLAIN, Wire.TLS):
            return _http_1(connected, ask)
        return _http_2(connected, ask, "https" if wire is Wire.HTTP_2_TLS else "http")


def _connected(port: int, wire: Wire) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    if wire in (Wire.PLAIN, Wire.HTTP_2):
        return plain
    return _context("h2" if wire is Wire.HTTP_2_TLS else "http/1.1").wrap_socket(plain, server_hostname="localhost")


@cache
def _context(protocol: str) -> ssl.SSLContext:
    """The stack's certificate is of its own making; no authority is loaded, which takes longer than the request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([protocol])
    return context


def _http_1(connected: socket.socket, ask: Ask) -> Answer:
    length = [("Content-Length", str(len(ask.body)))] if ask.body else []
    lines = [f"{ask.method} {ask.target} HTTP/1.1", *(f"{name}: {value}" for name, value in [*ask.headers, *length])]
    connected.sendall("\r\n".join([*lines, "", ""]).encode() + (b"" if ask.is_cut else ask.body))
    response = HTTPResponse(connected, method=ask.method)
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def _http_2(connected: socket.socket, ask: Ask, scheme: str) -> Answer:
    session = H2Connection(H2Configuration(header_encoding="utf-8"))
    session.initiate_connection()
    (_, host), *rest = ask.headers
    pseudo = [(":method", ask.method), (":scheme", scheme), (":authority", host), (":path", ask.target)]
    length = [("content-length", str(len(ask.body)))] if ask.body else []
    fields = [*pseudo, *((name.lower(), value) for name, value in [*rest, *length])]
    session.send_headers(1, fields, end_stream=not ask.body)
    if ask.body and not ask.is_cut:
        for start in range(0, len(ask.body), session.max_outbound_frame_size):
            session.send_data(1, ask.body[start : start + session.max_outbound_frame_size])
        session.end_stream(1)
    events: list[Event] = []
    while not any(isinstance(event, StreamEnded | StreamReset) for event in events):
        connected.sendall(session.data_to_send())
        data = connected.recv(65536)
        assert data, "the connection ended without an answer"
        events += session.receive_data(data)
    (begun,) = (event for event in events if isinstance(event, ResponseReceived))
    headers = {_text(name): _text(value) for name, value in begun.headers or []}
    body = b"".join(event.data or b"" for event in events if isinstance(event, DataReceived))
    return Answer(int(headers[":status"]), headers, body)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()

"""A server over a real socket, and how a client talks to it byte by byte."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from wavetank.emulator.runtime.guard import Denial, Guard
from wavetank.emulator.serving.connection import USUAL, Patience
from wavetank.emulator.serving.listener import Listener

WAIT_S = 10.0

Environ = dict[str, Any]
Start = Callable[..., Callable[[bytes], object]]


class Open(Guard):
    """Lets everything in: what is shown here is the server alone."""

    def judge(self, *_head: object) -> Denial | None:
        """Whatever it is."""
        return None


class Application:
    """Answers as `answer` says and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Environ] = []
        self.bodies: list[bytes] = []
        self.answer: Callable[[Environ, Start], Iterable[bytes]] = said(b"fine")

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """WSGI."""
        self.asked.append(environ)
        self.bodies.append(environ["wsgi.input"].read())
        return self.answer(environ, start)


def said(body: bytes, status: str = "200 OK", *headers: tuple[str, str]) -> Callable[[Environ, Start], Iterable[bytes]]:
    """An answer with a known length."""

    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    return answer


def streamed(*parts: bytes) -> Callable[[Environ, Start], Iterable[bytes]]:
    """An answer of unknown length."""

    def answer(_environ: Environ, start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        yield from parts

    return answer


@contextmanager
def connected(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=WAIT_S) as client:
        yield client


def told(address: tuple[str, int], *data: bytes) -> bytes:
    """All that comes back until the server closes."""
    with connected(address) as client:
        for part in data:
            client.sendall(part)
        return all_of(client)


def all_of(client: socket.socket) -> bytes:
    heard = b""
    while more := client.recv(65536):
        heard += more
    return heard


def asked(address: tuple[str, int], *args: Any, **kwargs: Any) -> tuple[HTTPResponse, bytes]:
    client = HTTPConnection(*address, timeout=WAIT_S)
    try:
        client.request(*args, **kwargs)
        response = client.getresponse()
        return response, response.read()
    finally:
        client.close()


@contextmanager
def serving(
    application: Application, handed_over: list[bytes], patience: Patience = USUAL
) -> Iterator[tuple[str, int]]:
    """The address of a server; what it hands over is answered and remembered."""

    def take(connected: socket.socket, beginning: bytes) -> None:
        with connected:
            handed_over.append(beginning)
            connected.sendall(b"taken")

    listening = socket.create_server(("127.0.0.1", 0))
    listener = Listener(listening, application, take, Open(), patience)
    listener.start()
    try:
        yield listening.getsockname()
    finally:
        listener.close()

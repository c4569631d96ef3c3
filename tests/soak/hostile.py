"""Attacks on a stack: each bounded in number and time, on its port or its process."""

import random
import resource
import signal
import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

WAIT_S = 10.0
FLOOD = 300
"""Connections at once."""
UPLOAD = 24 << 20
"""Bytes of an upload that is kept in a file."""
TOKENS = ("a", "/", ":1234/", "queue.", "Credential=a/", ".s3.", "%2F", "-", "0")


@dataclass(frozen=True)
class Victim:
    """A stack: its port, its process, a file that can fill its disk (None: its disk is nobody's to fill)."""

    port: int
    pid: int
    ballast: Path | None


Attack = Callable[[Victim, random.Random], None]


def malformed_heads(victim: Victim, rng: random.Random) -> None:
    """Heads that are none, or have no end."""
    heads = [
        b"what is this\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"GET http://[::1/ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A : 1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + rng.randbytes(200),
        rng.randbytes(5000),
        bytes([0x16, 3, 1]) + rng.randbytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.randbytes(500),
        b"GET / HTTP/1.1\r\nX-A: " + b"x" * (4 << 20),
        b"GET / HTTP/1.1\r\n" + b"x" * (4 << 20),
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x=" + b"x" * (4 << 20),
    ]
    for head in heads:
        _tell(victim, head)


def long_targets(victim: Victim, rng: random.Random) -> None:
    """Targets and headers that an expression which starts anew at each character would take minutes for."""
    for length in (8_000, 100_000):
        text = (rng.choice(TOKENS) * length)[:length].encode()
        _tell(victim, b"GET /%b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % text)
        _tell(victim, b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: %b\r\nConnection: close\r\n\r\n" % text)


def floods(victim: Victim, rng: random.Random) -> None:
    """Connections that say nothing, half a head or half a body, and go away, some of them with a reset."""
    beginnings = (b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", b"P", bytes([0x16, 3, 1]))
    with ExitStack() as connections:
        for _ in range(FLOOD):
            with suppress(OSError):
                connection = connections.enter_context(_connected(victim))
                connection.sendall(rng.choice(beginnings))
                if rng.random() < 0.3:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut_uploads(victim: Victim, rng: random.Random) -> None:
    """Uploads of which half comes."""
    for _ in range(3):
        with suppress(OSError), _connected(victim) as connection:
            connection.sendall(b"PUT /soak/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n")
            connection.sendall(bytes(rng.randrange(UPLOAD)))


def odd_upgrades(victim: Victim, rng: random.Random) -> None:
    """Upgrades to what is not spoken, WebSockets to nowhere, a proxy's method, and TLS that ends in its handshake."""
    head = b"GET /_localstack/health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: %b\r\n"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    for protocol in (b"h2c", b"foo", b"websocket"):
        _tell(victim, head % protocol + b"\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        _tell(victim, head % protocol + key + b"\r\n", read=rng.random() < 0.5)
    _tell(victim, b"CONNECT localhost:80 HTTP/1.1\r\n\r\n")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(5):
        with suppress(OSError), _connected(victim) as connection, context.wrap_socket(connection) as secure:
            secure.sendall(b"GET /_localstack/health HTTP/1.1\r\nHost: localhost\r\n")


def no_descriptors(victim: Victim, rng: random.Random) -> None:
    """More connections than the process may have descriptors, for a moment."""
    process = psutil.Process(victim.pid)
    with _limited(process, psutil.RLIMIT_NOFILE, process.num_fds() + 20):
        floods(victim, rng)


def killed_children(victim: Victim, rng: random.Random) -> None:
    """Some process of a function, or one that functions are forked from, is killed."""
    children = psutil.Process(victim.pid).children(recursive=True)
    for child in rng.sample(children, min(2, len(children))):
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGKILL)


def full_disk(victim: Victim, rng: random.Random) -> None:
    """No room for an upload, for a moment: an answer of 507, or of 500 where only the size of a file is limited."""
    del rng
    upload = (
        b"PUT /soak/too-large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % UPLOAD
    )
    with _without_room(victim):
        answer = _tell(victim, upload + bytes(UPLOAD))
    if not answer.startswith((b"HTTP/1.1 507 ", b"HTTP/1.1 500 ")):
        raise AssertionError(f"an upload to a full disk was answered with {answer[:60]!r}")


ATTACKS: tuple[Attack, ...] = (
    malformed_heads,
    long_targets,
    floods,
    cut_uploads,
    odd_upgrades,
    no_descriptors,
    killed_children,
    full_disk,
)


def _connected(victim: Victim) -> socket.socket:
    return socket.create_connection(("127.0.0.1", victim.port), timeout=WAIT_S)


def _tell(victim: Victim, data: bytes, *, read: bool = True) -> bytes:
    """What is answered to some bytes, as much as comes in time."""
    heard, deadline = b"", time.monotonic() + WAIT_S
    with suppress(OSError), _connected(victim) as connection:
        with suppress(OSError):
            connection.sendall(data)
        while read and time.monotonic() < deadline and len(heard) < 1 << 20 and (more := connection.recv(65536)):
            heard += more
    return heard


@contextmanager
def _limited(process: psutil.Process, kind: int, most: int) -> Iterator[None]:
    soft, hard = process.rlimit(kind)
    process.rlimit(kind, (most, hard))
    try:
        yield
    finally:
        process.rlimit(kind, (soft, hard))


@contextmanager
def _without_room(victim: Victim) -> Iterator[None]:
    if victim.ballast is None:
        with _limited(psutil.Process(victim.pid), resource.RLIMIT_FSIZE, 4 << 20):
            yield
        return
    try:
        with suppress(OSError), victim.ballast.open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4 << 20))
        yield
    finally:
        victim.ballast.unlink(missing_ok=True)

"""A listening socket: plain HTTP/1.1 is served here, a thread a connection; everything else is handed over.

Handing a request from a reactor to a pool and its answer back costs more than most answers do: on its own thread, a
small request takes about a third of the time.
"""

import errno
import logging
import socket
import threading
import time

from wavetank.emulator.runtime.guard import Guard
from wavetank.emulator.serving.connection import (
    READ_BYTES,
    USUAL,
    Application,
    Connection,
    HandOver,
    Patience,
    timeval,
)

LOG = logging.getLogger(__name__)
TLS_HANDSHAKE = 0x16
"""First byte of a TLS record that opens a connection (RFC 8446, 5.1)."""
HTTP_2 = b"PRI * HTTP/2"
"""How a client begins that knows HTTP/2 is spoken (RFC 9113, 3.4)."""

PAUSE_S = 0.05
"""How long nobody is let in when there is no descriptor or thread for them; they wait in the socket's queue."""
SAY_AGAIN_S = 5.0
"""How often it is logged that nobody is let in."""
PASSING = frozenset({errno.ECONNABORTED, errno.EINTR, errno.EPROTO})
"""Errors of `accept` that are about the one connection (accept(2)): the next may be accepted at once."""


class Listener:
    """Accepts connections of one bound and listening socket until it is closed."""

    def __init__(
        self,
        listening: socket.socket,
        application: Application,
        hand_over: HandOver,
        guard: Guard,
        patience: Patience = USUAL,
    ) -> None:
        self._listening = listening
        self._application = application
        self._hand_over = hand_over
        self._guard = guard
        self._patience = patience
        self._closed = threading.Event()
        self._say_after = 0.0

    def start(self) -> None:
        """Accept from now on, in a thread."""
        self._listening.setblocking(True)
        threading.Thread(target=self._accept, name="http-accept", daemon=True).start()

    def close(self) -> None:
        """Accept no more. Requests that are being served go on."""
        self._closed.set()
        try:
            self._listening.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            LOG.debug("the listening socket was closed already: %s", error)
        self._listening.close()

    def _accept(self) -> None:
        """Accept until closed on purpose: whatever else is in the way passes."""
        while not self._closed.is_set():
            try:
                connected, client = self._listening.accept()
            except OSError as error:
                if error.errno not in PASSING and not self._closed.is_set():
                    self._pause(error)
                continue
            while not self._started(connected, client[:2]) and not self._closed.is_set():
                pass

    def _started(self, connected: socket.socket, client: tuple[str, int]) -> bool:
        try:
            threading.Thread(target=self._serve, args=(connected, client), name="http", daemon=True).start()
        except RuntimeError as error:
            self._pause(error)
            return False
        return True

    def _pause(self, error: Exception) -> None:
        if time.monotonic() > self._say_after:
            self._say_after = time.monotonic() + SAY_AGAIN_S
            LOG.error("connections have to wait: %s", error)
        self._closed.wait(PAUSE_S)

    def _serve(self, connected: socket.socket, client: tuple[str, int]) -> None:
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval(self._patience.idle_s))
            beginning = connected.recv(READ_BYTES)
            while beginning and beginning != HTTP_2 and HTTP_2.startswith(beginning):
                more = connected.recv(READ_BYTES)
                if not more:
                    break
                beginning += more
        except OSError:
            connected.close()
            return
        if is_plain(beginning):
            connection = Connection(
                connected,
                client,
                application=self._application,
                hand_over=self._hand_over,
                guard=self._guard,
                patience=self._patience,
            )
            connection.serve(beginning)
        else:
            self._hand_over(connected, beginning)


def is_plain(beginning: bytes) -> bool:
    """Whether a connection that begins so is plain HTTP/1.1: no TLS, no HTTP/2."""
    return not (beginning[:1] == bytes([TLS_HANDSHAKE]) or beginning.startswith(HTTP_2))

"""A listening socket: plain HTTP/1.1 is served here, a thread a connection; everything else is handed over.

Handing a request from a reactor to a pool and its answer back costs more than most answers do: on its own thread, a
small request takes about a third of the time.
"""

import logging
import re
import socket
import threading
from collections.abc import Callable

from emulator.serving.connection import Application, Connection
from emulator.serving.guard import Guard

LOG = logging.getLogger(__name__)
LOOK_BYTES = 8192
TLS_HANDSHAKE = 0x16
"""First byte of a TLS record that opens a connection (RFC 8446, 5.1)."""
HTTP_2 = b"PRI * HTTP/2"
"""How a client begins that knows HTTP/2 is spoken (RFC 9113, 3.4)."""
UPGRADE = re.compile(rb"\r\nupgrade:[ \t]*websocket", re.IGNORECASE)

HandOver = Callable[[socket.socket], None]
"""Takes a connection of which nothing was read yet, and owns it from then on."""


class Listener:
    """Accepts connections of one bound and listening socket until it is closed."""

    def __init__(self, listening: socket.socket, application: Application, hand_over: HandOver, guard: Guard) -> None:
        self._listening = listening
        self._application = application
        self._hand_over = hand_over
        self._guard = guard

    def start(self) -> None:
        """Accept from now on, in a thread."""
        self._listening.setblocking(True)
        threading.Thread(target=self._accept, name="http-accept", daemon=True).start()

    def close(self) -> None:
        """Accept no more. Requests that are being served go on."""
        try:
            self._listening.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            LOG.debug("the listening socket was closed already: %s", error)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connected, client = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connected, client[:2]), name="http", daemon=True).start()

    def _serve(self, connected: socket.socket, client: tuple[str, int]) -> None:
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
            beginning = connected.recv(LOOK_BYTES, socket.MSG_PEEK)
        except OSError:
            connected.close()
            return
        if is_plain(beginning):
            Connection(connected, client, self._application, self._guard).serve()
        else:
            self._hand_over(connected)


def is_plain(beginning: bytes) -> bool:
    """Whether a connection that begins so is plain HTTP/1.1: no TLS, no HTTP/2, no WebSocket."""
    return not (beginning[:1] == bytes([TLS_HANDSHAKE]) or beginning.startswith(HTTP_2) or UPGRADE.search(beginning))

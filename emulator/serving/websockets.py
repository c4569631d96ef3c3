"""WebSockets as rolo serves them, but each written to by the one thread that may, and closed when it is refused.

Twisted's connections belong to the reactor's thread. rolo answers from the thread that has handled the request, and
then the reactor looks after a descriptor that is gone, or another's. A refused connection it leaves open.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from twisted.internet import reactor
from twisted.python.threadable import isInIOThread
from werkzeug.datastructures import Headers
from wsproto.connection import ConnectionState
from wsproto.utilities import RemoteProtocolError

PLAIN = Headers({"Content-Type": "text/plain"})
WRITERS = ("wsSend", "wsReject", "wsClose", "close")
PATCHED = "_wavetank_patched"


def on_the_reactor(channel: Any) -> None:
    """Patch rolo's `WebSocketChannel`. Raises TypeError where it is another class than this was written for."""
    if getattr(channel, PATCHED, False):
        return
    if not all(callable(getattr(channel, name, None)) for name in (*WRITERS, "initiateUpgrade")):
        raise TypeError("rolo's WebSocket channel is not the one that this was written for")
    channel.close = _for_good(channel.close)
    channel.wsReject = _once(channel.wsReject)
    channel.wsClose = _refusing_first(channel.wsClose)
    channel.initiateUpgrade = _refusing(channel.initiateUpgrade)
    for name in WRITERS:
        setattr(channel, name, _in_its_thread(getattr(channel, name)))
    setattr(channel, PATCHED, True)


def _in_its_thread(write: Callable[..., None]) -> Callable[..., None]:
    def written(self: Any, *args: Any, **kwargs: Any) -> None:
        if isInIOThread():
            write(self, *args, **kwargs)
        else:
            reactor.callFromThread(write, self, *args, **kwargs)

    return written


def _for_good(close: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let the connection end with the conversation, after what was written to it."""

    def closed(self: Any) -> None:
        if not self.request.finished:
            self.request.channel.persistent = 0
        close(self)

    return closed


def _once(reject: Callable[..., None]) -> Callable[..., None]:
    def rejected(self: Any, status: int, headers: Any, body: Any = None) -> None:
        if not self.request.finished:
            reject(self, status, headers, body)

    return rejected


def _refusing_first(close: Callable[..., None]) -> Callable[..., None]:
    """Refuse whoever no route has accepted or refused: a conversation that has not begun cannot be closed."""

    def closed(self: Any, *args: Any, **kwargs: Any) -> None:
        if self.wsproto.state is ConnectionState.CONNECTING:
            self.wsReject(HTTPStatus.NOT_FOUND, PLAIN, [b"no WebSocket is served here\n"])
        else:
            close(self, *args, **kwargs)

    return closed


def _refusing(initiate: Callable[[Any], None]) -> Callable[[Any], None]:
    """Answer a handshake that is none (RFC 6455, 4.2.1)."""

    def initiated(self: Any) -> None:
        try:
            initiate(self)
        except RemoteProtocolError as error:
            self.wsReject(HTTPStatus.BAD_REQUEST, PLAIN, [f"{error}\n".encode()])

    return initiated

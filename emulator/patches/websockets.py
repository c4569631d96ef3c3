"""rolo's WebSockets are written to by the one thread that may, and closed when they are refused.

Twisted's connections belong to the reactor's thread. rolo answers from the thread that has handled the request, and
then the reactor looks after a descriptor that is gone, or another's. A refused connection it leaves open.
"""

from collections.abc import Callable
from http import HTTPStatus
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported

CHANNEL = "WebSocketChannel"
WRITERS = ("wsSend", "wsReject", "wsClose", "close")


def install() -> None:
    """Change the channel when rolo's server is imported."""
    when_imported("rolo.serving.twisted", write_on_the_reactor)


def write_on_the_reactor(module: ModuleType) -> None:
    """Patch rolo's channel of a WebSocket. Raises TypeError where it is another class than this was written for."""
    for name in (*WRITERS, "initiateUpgrade"):
        original(module, f"{CHANNEL}.{name}")
    wrap(module, f"{CHANNEL}.close", _close_for_good)
    wrap(module, f"{CHANNEL}.wsReject", _reject_once)
    wrap(module, f"{CHANNEL}.wsClose", _refuse_or_close)
    wrap(module, f"{CHANNEL}.initiateUpgrade", _upgrade_or_refuse)
    for name in WRITERS:
        wrap(module, f"{CHANNEL}.{name}", _write_in_its_thread)


def _write_in_its_thread(write: Callable[..., None], channel: Any, *args: Any, **kwargs: Any) -> None:
    from twisted.internet import reactor
    from twisted.python.threadable import isInIOThread

    if isInIOThread():
        write(channel, *args, **kwargs)
    else:
        reactor.callFromThread(write, channel, *args, **kwargs)


def _close_for_good(close: Callable[[Any], None], channel: Any) -> None:
    """Let the connection end with the conversation, after what was written to it."""
    if not channel.request.finished:
        channel.request.channel.persistent = 0
    close(channel)


def _reject_once(reject: Callable[..., None], channel: Any, status: int, headers: Any, body: Any = None) -> None:
    if not channel.request.finished:
        reject(channel, status, headers, body)


def _refuse_or_close(close: Callable[..., None], channel: Any, *args: Any, **kwargs: Any) -> None:
    """Refuse a client that no route has accepted or refused: a conversation that has not begun cannot be closed."""
    from wsproto.connection import ConnectionState

    if channel.wsproto.state is ConnectionState.CONNECTING:
        _refuse(channel, HTTPStatus.NOT_FOUND, "no WebSocket is served here")
    else:
        close(channel, *args, **kwargs)


def _upgrade_or_refuse(initiate: Callable[[Any], None], channel: Any) -> None:
    """Answer a handshake that is none (RFC 6455, 4.2.1)."""
    from wsproto.utilities import RemoteProtocolError

    try:
        initiate(channel)
    except RemoteProtocolError as error:
        _refuse(channel, HTTPStatus.BAD_REQUEST, str(error))


def _refuse(channel: Any, status: HTTPStatus, reason: str) -> None:
    from werkzeug.datastructures import Headers

    channel.wsReject(status, Headers({"Content-Type": "text/plain"}), [f"{reason}\n".encode()])

"""The handler of a function that is being debugged, in a layer beside the debugger; it calls the real one.

This file runs in the function, on its Python: it imports nothing of this project but, by name, the real handler.
The debugger listens on the loopback interface only. Of several environments at once, one has it.
"""

import importlib
import os
import socket
import time
from functools import cache

import debugpy

HOST = "127.0.0.1"
PORT = int(os.environ["WAVETANK_DEBUG_PORT"])


RELEASE_S = 1.5
"""How long an environment that is being replaced may hold the port."""


def _becomes_free() -> bool:
    deadline = time.monotonic() + RELEASE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, PORT))
                return True
            except OSError:
                time.sleep(0.05)
    return False


LISTENS = _becomes_free()
if LISTENS:
    debugpy.listen((HOST, PORT), in_process_debug_adapter=True)
else:
    print(f"port {PORT} is taken by another environment: this one runs without a debugger")  # noqa: T201


@cache
def _handler():  # type: ignore[no-untyped-def]
    """The real handler, loaded once the editor is there, so that its loading can be debugged too."""
    if LISTENS and not debugpy.is_client_connected():
        print(f"waiting for a debugger on {HOST}:{PORT}", flush=True)  # noqa: T201
        debugpy.wait_for_client()
    module, _, name = os.environ["WAVETANK_DEBUG_HANDLER"].rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def handle(event, context):  # type: ignore[no-untyped-def]
    """Answer one event; the one that only wakes is not the real handler's."""
    if event == {"wavetank-debugger": "wake"}:
        return {"listening": PORT if LISTENS else None}
    return _handler()(event, context)

"""The stack's own process: `python -m wavetank.emulator.main`, started by `emulator.stack` with everything it needs in
its environment. It runs LocalStack, and ends with its owner."""

import gc
import os
import select
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

from wavetank.emulator.runtime.system_limits import raise_limit
from wavetank.emulator.stack.environment import LISTEN_FD, OWNER_FD, OWNER_PID, RELEASED
from wavetank.emulator.stack.home import CACHE_VARIABLE

LOOK_S = 1.0
"""How often the owner's process id is looked at: a copy of the pipe's end elsewhere would hide its death."""

SWITCH_S = 0.001
"""How long a thread may hold the interpreter while others wait: five times shorter than Python's own, so that a short
request does not stand in line behind long ones, and not so short that the switching costs more than it brings."""

GRACE_S = 0.5
"""How long an orderly stop may take once the owner is gone."""


def main() -> None:
    """Run LocalStack until it is told to stop; the process then exits.

    It exits at once: the interpreter would first wait for every idle thread pool, which takes seconds.
    """
    raise_limit()
    for variable in (LISTEN_FD, OWNER_FD):
        if variable in os.environ:
            os.set_inheritable(int(os.environ[variable]), False)
    descriptor, owner = os.environ.pop(OWNER_FD, None), os.environ.pop(OWNER_PID, None)
    if descriptor is not None and owner is not None:
        watch = threading.Thread(target=_watch, args=(int(descriptor), int(owner)), name="owner-watch", daemon=True)
        watch.start()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    from wavetank.emulator.patches import (
        full_disk,
        gateway_pages,
        gateway_routes,
        lazy_imports,
        linear_parsers,
        request_log,
        trusted_origins,
        websockets,
    )

    early = (lazy_imports, gateway_routes, gateway_pages, linear_parsers, full_disk, request_log)
    for patch in (*early, trusted_origins, websockets):
        patch.install()
    from localstack.runtime.main import main as run_localstack

    from wavetank.emulator.runtime.service_catalog import share

    share(Path(os.environ[CACHE_VARIABLE]))
    code: object = 1
    try:
        run_localstack()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


def _watch(descriptor: int, owner: int) -> None:
    """Return when the owner lets go; end the process group when the owner is gone."""
    if _is_released(descriptor, owner):
        os.close(descriptor)
        return
    sys.stderr.write("the owner of this stack is gone: stopping\n")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _is_released(descriptor: int, owner: int) -> bool:
    """Wait for the owner's word: True when it let go, False when it ended without.

    Whether the owner lives is asked before the pipe is looked at: what it wrote before it ended counts.
    """
    word, pipe = b"", select.poll()
    pipe.register(descriptor, select.POLLIN)
    while word != RELEASED:
        orphaned = os.getppid() != owner
        readable = pipe.poll(0 if orphaned else LOOK_S * 1000)
        if readable:
            piece = os.read(descriptor, len(RELEASED))
            word += piece
        if (readable and not piece) or (orphaned and not readable):
            return False
    return True


if __name__ == "__main__":
    main()

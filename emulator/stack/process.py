"""Starting a stack's process and ending it, with all that it started, within a bounded time."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from wavetank.emulator.errors import CallerError, PortTaken
from wavetank.emulator.stack.environment import LISTEN_FD, OWNER_FD, OWNER_PID, RELEASED, LogLevel, child_environment
from wavetank.emulator.stack.home import StackFolder

HOST = "127.0.0.1"
BACKLOG = 512
GRACE_S = 0.5
"""How long an orderly stop may take: past it, the process group is killed. State is not kept anyway."""

KILL_S = 0.5
"""How long a killed process may take to vanish."""

LOOK_S = 0.01
"""How often a process that is ending is looked at."""


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback interface; port 0 picks a free one.

    Raises `PortTaken`, or `CallerError` for a port that this user may not use.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise CallerError(f"cannot listen on port {port}: {error.strerror}.", "Name another with `--port`.") from error
    return bound


@dataclass(frozen=True)
class Leash:
    """The pipe that ties a stack to its owner: it dies when this end closes, unless it was released."""

    descriptor: int

    def release(self) -> None:
        """Let the stack live on when this process ends."""
        with contextlib.suppress(OSError):
            os.write(self.descriptor, RELEASED)
        self.close()

    def close(self) -> None:
        """Let go of the pipe without a word: a stack that still listens ends."""
        with contextlib.suppress(OSError):
            os.close(self.descriptor)


def spawn(
    bound: socket.socket, folder: StackFolder, cache: Path, log_level: LogLevel, *, faults: bool = True
) -> tuple[subprocess.Popen[bytes], Leash]:
    """Start the stack's process on a listening socket, in a session and process group of its own.

    It is tied to this process until its leash is released: a start that is cut short leaves no orphan.
    """
    watched, leash = os.pipe()
    environment = child_environment(bound.getsockname()[1], folder, cache, log_level, faults=faults) | {
        LISTEN_FD: str(bound.fileno()),
        OWNER_FD: str(watched),
        OWNER_PID: str(os.getpid()),
    }
    try:
        with folder.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "wavetank.emulator.main"],
                cwd=folder.path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(bound.fileno(), watched),
            )
    except BaseException:
        os.close(leash)
        raise
    finally:
        os.close(watched)
    return process, Leash(leash)


def end(process: psutil.Process) -> None:
    """End a stack's process and every process it started; returns within `GRACE_S` + 2 `KILL_S`."""
    family = _family(process)
    with contextlib.suppress(psutil.NoSuchProcess):
        process.terminate()
    _wait([process], GRACE_S)
    family |= _family(process)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    _wait(family | {process}, KILL_S)


def _family(process: psutil.Process) -> set[psutil.Process]:
    try:
        return set(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return set()


def _wait(processes: Iterable[psutil.Process], timeout_s: float) -> None:
    """Return once none of them runs, or after `timeout_s`; those that are children of this process are reaped."""
    deadline = time.monotonic() + timeout_s
    waiting = list(processes)
    while waiting := [process for process in waiting if _runs(process)]:
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_S)


def _runs(process: psutil.Process) -> bool:
    """Whether it runs still. A zombie does not, though it stays as long as its parent does not ask for it."""
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return True
        if process.ppid() == os.getpid():
            process.wait()
    except psutil.NoSuchProcess:
        pass
    return False

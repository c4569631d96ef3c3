"""One function's process: how it is started, how its end is noticed, and how it is ended with all that it started."""

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import threading
from dataclasses import dataclass
from typing import Protocol

from emulator.lambda_.fork_servers import FORK_SERVERS, ForkServer
from emulator.lambda_.launch import Launch

OUTPUT_BUFFER = 1 << 20
"""Bytes of output a function may write while nobody reads, where the system lets us choose."""

READ_BYTES = 1 << 16


class Process(Protocol):
    """A process that was started, and has to be waited for by whoever started it."""

    @property
    def pid(self) -> int:
        """Its number, which is also that of its process group."""

    def wait(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""


@dataclass(frozen=True)
class Forked:
    """A process that a fork server has made."""

    pid: int
    server: ForkServer

    def wait(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""
        return self.server.reap(self.pid)


class Child:
    """A running process in a session and process group of its own, tied to us by a pipe (see `runtime/bootstrap.py`).

    Standard output and standard error are one pipe, so that what is written stays in order.
    """

    def __init__(self, launch: Launch) -> None:
        """Start it: forked where that is the same, otherwise by itself. Raises OSError where it cannot start."""
        held, self._leash = os.pipe()
        self.output, writer = os.pipe()
        _enlarge(self.output)
        os.set_blocking(self.output, False)
        try:
            self._process = _start(launch, held, writer)
        except BaseException:
            os.close(self._leash)
            os.close(self.output)
            raise
        finally:
            os.close(held)
            os.close(writer)
        self._lock, self._end_lock = threading.Lock(), threading.Lock()
        self._ended = False
        self._status: int | None = None
        self.output_open = True
        self.exit_notice = _exit_notice(self.pid)

    @property
    def pid(self) -> int:
        """The process, and its process group."""
        return self._process.pid

    def has_exited(self) -> bool:
        """Whether the process is over, of itself or killed; its number stays taken until `end`."""
        with self._lock:
            if self._ended:
                return True
            if self.exit_notice is not None:
                return _is_readable(self.exit_notice)
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, flags) is not None
        except ChildProcessError:
            return True

    def kill(self) -> None:
        """Kill the process and every process of its group; from any thread, any number of times."""
        with self._lock:
            if not self._ended:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.pid, signal.SIGKILL)

    def read_output(self) -> bytes:
        """What was written since the last time; never waits. At its end `output_open` becomes false."""
        pieces: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while self.output_open:
                pieces.append(os.read(self.output, READ_BYTES))
                self.output_open = pieces[-1] != b""
        return b"".join(pieces)

    def end(self) -> int:
        """Kill what is left of the group and give everything back; the exit status, negative for a signal."""
        self.kill()
        with self._end_lock:
            if self._status is None:
                self._status = self._process.wait()
        with self._lock:
            if not self._ended:
                self._ended = True
                for descriptor in (self._leash, self.output, self.exit_notice):
                    if descriptor is not None:
                        os.close(descriptor)
        return self._status


def _start(launch: Launch, leash: int, output: int) -> Process:
    """Start a process that inherits the leash, and writes to `output`."""
    forked = FORK_SERVERS.fork(launch, leash, output)
    if forked is not None:
        return Forked(*forked)
    return subprocess.Popen(  # noqa: S603
        launch.command(leash),
        env=dict(launch.variables),
        cwd=launch.folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=(leash,),
        start_new_session=True,
    )


def exit_reason(status: int) -> str:
    """How AWS words the end of a runtime process with this status (negative: the signal that killed it)."""
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    name = _SIGNALS.get(-status, f"signal {-status}")
    return f"Runtime exited with error: signal: {name}"


_SIGNALS: dict[int, str] = {
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "bus error",
    signal.SIGFPE: "floating point exception",
    signal.SIGHUP: "hangup",
    signal.SIGILL: "illegal instruction",
    signal.SIGINT: "interrupt",
    signal.SIGKILL: "killed",
    signal.SIGPIPE: "broken pipe",
    signal.SIGQUIT: "quit",
    signal.SIGSEGV: "segmentation fault",
    signal.SIGTERM: "terminated",
    signal.SIGTRAP: "trace/breakpoint trap",
}
"""Names of signals as the Go program in front of AWS's runtimes prints them (package syscall)."""


def _enlarge(pipe: int) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, OUTPUT_BUFFER)


def _exit_notice(pid: int) -> int | None:
    """A descriptor that becomes readable when the process exits; None where the system has none (macOS)."""
    if not hasattr(os, "pidfd_open") or not hasattr(select, "epoll"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None


def _is_readable(descriptor: int) -> bool:
    """Whether there is something to read; also for descriptors with numbers that `select` does not take."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))

"""One function's process: how it is started, how its end is noticed, and how it is ended with all that it started."""

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from emulator.lambda_.fork_servers import FORK_SERVERS, ForkServer
from emulator.lambda_.launch import Launch
from emulator.lambda_.notices import exit_notice, is_readable

OUTPUT_BUFFER = 1 << 20
"""Bytes of output a function may write while nobody reads, where the system lets us choose."""

READ_BYTES = 1 << 16


class Process(Protocol):
    """A process that leads a group of its own, and has to be waited for by whoever started it."""

    @property
    def pid(self) -> int:
        """Its number, which is also that of its process group."""

    @property
    def exit_notice(self) -> int | None:
        """A descriptor that becomes readable when the process exits; None where the system has none (macOS)."""

    def kill(self) -> None:
        """Kill it and all of its group."""

    def wait(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""


class Alone:
    """A process that was started by itself."""

    def __init__(self, launch: Launch, leash: int, output: int) -> None:
        """Start it; it inherits the leash, and writes to `output`. Raises OSError."""
        self._process = subprocess.Popen(  # noqa: S603
            launch.command(leash),
            env=dict(launch.variables),
            cwd=launch.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=(leash,),
            start_new_session=True,
        )
        self.pid = self._process.pid
        self.exit_notice = exit_notice(self.pid)

    def kill(self) -> None:
        """Kill it and all of its group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""
        return self._process.wait()


@dataclass(frozen=True)
class Forked:
    """A process that a fork server has made."""

    pid: int
    exit_notice: int
    server: ForkServer

    def kill(self) -> None:
        """Kill it and all of its group.

        Without its server its number may be somebody else's by now; then its group ends with the leash.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.server.lost:
                signal.pidfd_send_signal(self.exit_notice, signal.SIGKILL)
            else:
                os.killpg(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for its end: the exit status, negative for a signal."""
        is_readable(self.exit_notice, None)
        try:
            return self.server.reap(self.pid)
        finally:
            FORK_SERVERS.release(self.server)


class Child:
    """A running process in a session and process group of its own, tied to us by a pipe (see `runtime/bootstrap.py`).

    Standard output and standard error are one pipe, so that what is written stays in order.
    """

    def __init__(self, launch: Launch) -> None:
        """Start it: forked where that is the same, otherwise by itself. Raises OSError where it cannot start."""
        tied: tuple[Process, int, int] | None = None
        with FORK_SERVERS.forking(launch) as server:
            if server is not None:
                tied = _tied(lambda leash, output: _fork(server, launch, leash, output))
        # A fork that came to nothing leaves no process that could take what is meant for this one: its leash is closed.
        tied = tied or _tied(lambda leash, output: Alone(launch, leash, output))
        if tied is None:
            raise OSError("no process was started")
        self._process, self._leash, self.output = tied
        _enlarge(self.output)
        os.set_blocking(self.output, False)
        self._lock, self._end_lock = threading.Lock(), threading.Lock()
        self._ended = False
        self._status: int | None = None
        self.output_open = True
        self.exit_notice = self._process.exit_notice

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
                return is_readable(self.exit_notice, 0)
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, flags) is not None
        except ChildProcessError:
            return True

    def kill(self) -> None:
        """Kill the process and every process of its group; from any thread, any number of times."""
        with self._lock:
            if not self._ended:
                self._process.kill()

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


Start = Callable[[int, int], Process | None]
"""Starts a process that inherits the first descriptor, its leash, and writes to the second; None where it cannot."""


def _tied(start: Start) -> tuple[Process, int, int] | None:
    """A process, our end of its leash, and where its output is read; where there is none, nothing is left open."""
    with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
        held, leash = os.pipe()
        theirs.callback(os.close, held)
        ours.callback(os.close, leash)
        output, writer = os.pipe()
        theirs.callback(os.close, writer)
        ours.callback(os.close, output)
        process = start(held, writer)
        if process is None:
            return None
        ours.pop_all()
        return process, leash, output


def _fork(server: ForkServer, launch: Launch, leash: int, output: int) -> Process | None:
    """A process that the server has forked; None where the function has to start by itself. Raises ServerLostError."""
    pid = server.fork(launch, leash, output)
    if pid is None:
        return None
    notice = exit_notice(pid)
    if notice is None:
        os.killpg(pid, signal.SIGKILL)
        server.reap(pid)
        return None
    FORK_SERVERS.hold(server)
    return Forked(pid, notice, server)


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

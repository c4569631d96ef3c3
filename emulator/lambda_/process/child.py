"""The process of a function: how it is started, how its end is noticed, and how it and all of its own are ended."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass

from wavetank.emulator.lambda_.process.fork_servers import FORK_SERVERS, ForkServer, is_readable
from wavetank.emulator.lambda_.process.launch import Launch

OUTPUT_BUFFER = 1 << 20
"""Bytes of output a function may write while nobody reads, where the system lets us choose."""

READ_BYTES = 1 << 16

ANSWER_S = 10.0
"""How long a keeper may take to start the process, and to end all that there is: more than it gives itself."""

Starter = subprocess.Popen[bytes] | ForkServer
"""Whose child a keeper is: ours, or a fork server's."""


@dataclass(frozen=True)
class Tied:
    """Our ends of what ties a keeper to us."""

    control: socket.socket
    output: int
    starter: Starter


class Child:
    """A running process in a session and process group of its own, with a keeper (see `runtime/keeper.py`).

    Standard output and standard error are one pipe, so that what is written stays in order.
    """

    def __init__(self, launch: Launch) -> None:
        """Start it: forked where that is the same, otherwise by itself. Raises OSError where it cannot start."""
        tied: Tied | None = None
        with FORK_SERVERS.forking(launch) as server:
            if server is not None:
                tied = _tied(launch, server)
        # A fork that came to nothing leaves no process that could take what is meant for this: its socket is closed.
        tied = tied or _tied(launch, None)
        if tied is None:
            raise OSError("no process was started")
        self._control, self.output, self._starter = tied.control, tied.output, tied.starter
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with contextlib.suppress(OSError):
                fcntl.fcntl(self.output, fcntl.F_SETPIPE_SZ, OUTPUT_BUFFER)
        os.set_blocking(self.output, False)
        self._lock, self._end_lock = threading.Lock(), threading.Lock()
        self._heard = bytearray()
        self._is_over = self._is_closed = False
        self._status: int | None = None
        self.output_open = True
        self.pid = self.keeper = 0
        self.failure: int | None = None
        """The number of the system's error for which the program could not be executed."""
        self._control.settimeout(ANSWER_S)
        if isinstance(self._starter, subprocess.Popen):
            with contextlib.suppress(OSError):
                self._control.sendall(json.dumps(launch.order()).encode() + b"\n")
        while not (self.pid or self._is_over):
            self._hear()
        if not self.pid:
            self.end()
            raise OSError("the process was not started")

    @property
    def exit_notice(self) -> socket.socket:
        """A socket that becomes readable when the process is over, with all that it started."""
        return self._control

    def has_exited(self) -> bool:
        """Whether the process is over, of itself or killed; its number stays taken until `end`."""
        with self._lock:
            while not self._is_over and is_readable(self._control.fileno(), 0):
                self._hear()
            return self._is_over

    def kill(self) -> None:
        """Kill the process, at once, and all that descends from it; from any thread, any number of times."""
        with self._lock:
            if self._is_over:
                return
            for kill in (os.killpg, os.kill) if self.pid else ():  # It may not lead its group yet.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_WR)

    def read_output(self) -> bytes:
        """The output that was written since the last time; never waits. At its end `output_open` becomes false."""
        pieces: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while self.output_open:
                pieces.append(os.read(self.output, READ_BYTES))
                self.output_open = pieces[-1] != b""
        return b"".join(pieces)

    def end(self) -> int:
        """Kill what is left and give everything back; the exit status, negative for a signal.

        Where there is no keeper any more nobody can tell: then the process was killed with it.
        """
        self.kill()
        with self._end_lock:
            if not self._is_closed:
                self._is_closed = True
                with self._lock:
                    while not self._is_over:
                        self._hear()
                self._control.close()
                os.close(self.output)
                if isinstance(self._starter, ForkServer):
                    FORK_SERVERS.release(self._starter)
                else:
                    self._starter.wait()
        return -signal.SIGKILL if self._status is None else self._status

    def _hear(self) -> None:
        """Read the keeper's next message; none comes after the status."""
        try:
            received = self._control.recv(READ_BYTES)
        except OSError:
            received = b""
        self._heard += received
        while (end := self._heard.find(b"\n")) >= 0:
            message = json.loads(self._heard[:end])
            del self._heard[: end + 1]
            self.pid, self.keeper = message.get("pid", self.pid), message.get("keeper", self.keeper)
            self.failure = message.get("failed", self.failure)
            self._status = message.get("status")
        self._is_over = not received or self._status is not None


def _tied(launch: Launch, server: ForkServer | None) -> Tied | None:
    """A keeper that the server has forked, or one that starts by itself where there is no server.

    None where the server does not fork it: then nothing is left open. Raises OSError and ServerLostError.
    """
    with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
        control, remote = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        theirs.enter_context(remote)
        ours.enter_context(control)
        output, writer = os.pipe()
        theirs.callback(os.close, writer)
        ours.callback(os.close, output)
        starter: Starter
        if server is None:
            starter = subprocess.Popen(  # noqa: S603
                launch.command(remote.fileno()),
                env=dict(launch.variables) if launch.is_python else {},
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=writer,
                stderr=writer,
                pass_fds=(remote.fileno(),),
                start_new_session=True,
            )
        elif server.fork(launch, remote.fileno(), writer):
            FORK_SERVERS.hold(server)
            starter = server
        else:
            return None
        ours.pop_all()
        return Tied(control, output, starter)


def exit_reason(status: int) -> str:
    """AWS's words for the end of a runtime process with this status (negative: the signal that killed it)."""
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

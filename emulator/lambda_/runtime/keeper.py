"""The keeper of an execution environment: the parent of its process, which ends everything that the process started.

A process that was told to outlive its parent (a session of its own, a double fork) has the keeper for its parent once
the one that started it is gone: on Linux the keeper is a subreaper. So nothing that a function starts outlives its
environment, however that ends, or the emulator, however that ends. Elsewhere than on Linux it ends the process
group only.

This file is copied into the runtime folder (`LAMBDA_RUNTIME_DIR`) and runs there, alone, on any Python from 3.9.
Started by itself it keeps a program that is not in Python: the `bootstrap` of a function with a runtime of its own.

Keeper and emulator share a socket (AF_UNIX, SOCK_STREAM), with JSON in lines. What the emulator asks for is told in
`Order`. The keeper answers {"pid": of the process, "keeper": of itself}; {"failed": number of an error of the system}
where a program cannot be started; and at last {"status": of the process, negative for a signal}, when all that it has
started is over too. The process is waited for only then, so that until then nobody else has its number. When the
emulator closes the socket, or dies, everything ends.
"""

import contextlib
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from typing import Any, Dict, List, NoReturn  # noqa: UP035

try:
    import ctypes

    LIBC: Any = ctypes.CDLL(None)
except (ImportError, OSError):
    LIBC = None

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
CLEAN_UP_S = 5.0
"""How long the keeper tries to end what the process has left; only a process that the kernel holds takes so long."""
PAUSE_S = 0.0005
DESCRIPTORS = 1024
"""Files, sockets and pipes of a function; all processes that it starts have as many each."""
READ_BYTES = 1 << 16
KEEPER = "lambda-keeper"
"""The name of keepers in `ps`."""


class Order:
    """An order for the process of an environment.

    folder: where it works. variables: all of its environment. opt: the folder that stands for `/opt`. handler: the
    function's. program: what to execute; empty for a function in Python. storage: bytes that a file of it may have.
    """

    def __init__(self, asked: "dict[str, Any]") -> None:
        self.folder: str = asked["folder"]
        self.variables: Dict[str, str] = asked["variables"]  # noqa: UP006
        self.opt: str = asked["opt"]
        self.handler: str = asked["handler"]
        self.program: str = asked["program"]
        self.storage: int = asked["storage"]


def ordered(control: socket.socket) -> Order:
    """The order that comes first on the socket; ends the process where none comes."""
    received = b""
    while not received.endswith(b"\n"):
        piece = control.recv(READ_BYTES)
        if not piece:
            sys.exit()
        received += piece
    return Order(json.loads(received))


def begin(order: Order, control: socket.socket, output: "int | None" = None) -> None:
    """Fork the process of an environment; comes back only there, while the keeper keeps it until it is over.

    `output` is where the process writes; without it, where the keeper would.
    """
    keeper, adopts = os.getpid(), prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        tell(control, pid=pid, keeper=keeper)
        _keep(pid, control, output, adopts=adopts)
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:
        os._exit(1)
    _limit(order.storage)
    if output is not None:
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)


def prctl(option: int, value: int) -> bool:
    """Set an attribute of this process; false where the system has none such."""
    return sys.platform == "linux" and LIBC is not None and bool(LIBC.prctl(option, value, 0, 0, 0) == 0)


def tell(control: socket.socket, **message: int) -> None:
    """Send the emulator a message, if it is there."""
    with contextlib.suppress(OSError):
        control.sendall(json.dumps(message).encode() + b"\n")


def _limit(storage: int) -> None:
    """Limit files to the size of the ephemeral storage (a write beyond is an error, not a signal), and open as many as
    on AWS, where the emulator may open more.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html ("File descriptors").
    """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    if most == resource.RLIM_INFINITY or storage < most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (storage, storage))
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _keep(pid: int, control: socket.socket, output: "int | None", *, adopts: bool) -> NoReturn:
    """Wait until the process is over or the emulator lets go of it, and end all that is left then."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (1, 2):
        os.dup2(nothing, standard)
    if output is not None:
        os.close(output)
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as name:  # noqa: PTH123
        name.write(KEEPER)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    events = select.poll()
    events.register(control, select.POLLIN)
    events.register(woken, select.POLLIN)
    status = _status(pid)
    while status is None and not any(descriptor == control.fileno() for descriptor, _ in events.poll()):
        with contextlib.suppress(BlockingIOError):
            os.read(woken, READ_BYTES)
        _reap(pid)
        status = _status(pid)
    for kill in (os.killpg, os.kill):  # It may not lead its group yet.
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    while status is None:
        time.sleep(PAUSE_S)
        status = _status(pid)
    if adopts:
        _end_others(pid)
    tell(control, status=status)
    with contextlib.suppress(OSError):
        while control.recv(READ_BYTES):
            pass
    os._exit(0)


def _status(pid: int) -> "int | None":
    """The exit status of the process, which is not waited for where the system can tell it so; None while it runs."""
    if not hasattr(os, "waitid"):
        ended, status = os.waitpid(pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is None:
        return None
    return int(end.si_status) if end.si_code == os.CLD_EXITED else -int(end.si_status)


def _reap(pid: int) -> None:
    """Wait for what others have left to this process and what is over."""
    for child in children(os.getpid()):
        if child != pid:
            with contextlib.suppress(OSError):
                os.waitpid(child, os.WNOHANG)


def _end_others(pid: int) -> None:
    """Kill whatever descends from this process, but for `pid`, which is over."""
    until, empty = time.monotonic() + CLEAN_UP_S, 0
    while empty < 2 and time.monotonic() < until:
        others = [child for child in children(os.getpid()) if child != pid]
        empty = 0 if others else empty + 1
        family = list(others)
        for other in family:
            family += children(other)
        for other in family:
            with contextlib.suppress(OSError):
                os.kill(other, signal.SIGKILL)
        if others:
            time.sleep(PAUSE_S)
            _reap(pid)


def children(pid: int) -> "list[int]":
    """The children of a process, as far as the system tells of them."""
    processes: List[int] = []  # noqa: UP006
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with open(f"/proc/{pid}/task/{task}/children") as listed:  # noqa: PTH123
                processes += map(int, listed.read().split())
    except OSError:
        pass
    return processes


def main() -> None:
    """Keep the program that is ordered."""
    control = socket.socket(fileno=int(sys.argv[1]))
    order = ordered(control)
    begin(order, control)
    try:
        os.chdir(order.folder)
        os.execve(order.program, [order.program], order.variables)  # noqa: S606
    except OSError as error:
        tell(control, failed=error.errno or 0)
        os._exit(1)


if __name__ == "__main__":
    main()

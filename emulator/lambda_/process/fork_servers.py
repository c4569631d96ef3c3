"""Processes that functions are forked from, so that a new environment does not import the SDK anew.

What such a process does is told in `runtime/fork_server.py`, which runs in it. One serves all functions of a runtime:
it has imported nothing of theirs. Functions whose layers bring numpy have one of their own, which has imported that.
A launch that a fork cannot stand in for is not taken, and starts by itself; so are those for which a server is not
ready in time.
"""

import contextlib
import itertools
import json
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wavetank.emulator.lambda_.process.launch import Launch

LOG = logging.getLogger(__name__)

READY_S = 5.0
"""How long launches wait for a server that is starting: two of them take longer by themselves."""
ANSWER_S = 10.0
"""How long a server that is ready may take to answer: it does nothing that takes a tenth of a second."""
BIGGEST = 1 << 17
"""Bytes of an answer."""
MOST = 4
"""Servers at a time: one for each runtime, for each set of layers with numpy, and for each set of folders with shared
libraries."""
ATTEMPTS = 3
"""So many servers of one kind are started after one another was lost, until one has forked."""
READ_AT_START = ("LD_", "MALLOC_", "GLIBC_", "OPENSSL_", "LC_", "LANG")
"""Variables that a process or its libraries read when they start and never again."""
READ_BY_NUMPY = ("NPY_", "NUMPY_", "OPENBLAS_", "GOTO_", "OMP_", "MKL_", "BLIS_", "KMP_")
"""Variables that numpy and its libraries read when they are imported."""
AS_ALWAYS = {"LANG": "en_US.UTF-8"}
LIBRARIES = "LD_LIBRARY_PATH"

Key = tuple[str, str, str, tuple[str, ...]]


class ServerLostError(Exception):
    """A server ended, or does not answer."""


class ForkServer:
    """A process with the libraries of a runtime; thread-safe.

    lost: it has ended, or is ended because it did not answer, and forks no more.
    """

    def __init__(self, launch: Launch) -> None:
        """Start it, for launches like this one; it is not ready yet. Raises OSError."""
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Nothing that the SDK could find of whoever runs the stack.
            given = {name: launch.variables[name] for name in ("LANG", "PATH", LIBRARIES) if name in launch.variables}
            nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
            program = launch.program, "-I", "-S", "-X", "utf8", launch.runtime_folder / "fork_server.py"
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    [*map(str, program), str(theirs.fileno()), layers_with_numpy(launch)],
                    env=given | nowhere | {"HOME": str(launch.runtime_folder)},
                    cwd=launch.runtime_folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except BaseException:
                self._channel.close()
                raise
        self._channel.settimeout(ANSWER_S)
        self._deadline = time.monotonic() + READY_S
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._ready = self.lost = False

    def is_ready(self) -> bool:
        """Whether it forks by now, or in the time that it has for its start. Raises ServerLostError."""
        with self._lock:
            self._check()
            wait_s = max(0.0, self._deadline - time.monotonic())
            if not self._ready and is_readable(self._channel.fileno(), wait_s):
                self._ready = "ready" in self._received()
            return self._ready

    def fork(self, launch: Launch, control: int, output: int) -> bool:
        """Whether a keeper was forked for this launch; where it was not, the function has to start by itself.

        A server that gives no answer is ended, so that a late one cannot come as that to another launch. Of a server
        that was lost there may be a keeper nobody knows of: it ends with its socket. Raises ServerLostError.
        """
        with self._lock:
            self._check()
            number = next(self._numbers)
            request = {"number": number, "fork": launch.order()}
            try:
                socket.send_fds(self._channel, [json.dumps(request).encode()], [control, output])
            except OSError as error:
                raise self._given_up(str(error)) from error
            answer = self._received()
            if answer.get("number") != number:
                raise self._given_up("it answered what it was not asked")
        if "forked" not in answer:
            LOG.debug("%s starts by itself: %s", launch.handler, answer.get("refused"))
        return "forked" in answer

    def end(self) -> None:
        """End it; what it has forked goes on."""
        with self._lock:
            self._end()

    def _received(self) -> dict[str, Any]:
        try:
            message = self._channel.recv(BIGGEST)
        except OSError as error:
            raise self._given_up(str(error)) from error
        if not message:
            raise self._given_up("it has ended")
        answer: dict[str, Any] = json.loads(message)
        return answer

    def _check(self) -> None:
        if self.lost:
            raise ServerLostError("it has ended before")

    def _given_up(self, why: str) -> ServerLostError:
        """End the server, and return the error to raise."""
        self._end()
        return ServerLostError(why)

    def _end(self) -> None:
        if self.lost:
            return
        self.lost = True
        self._process.kill()
        self._process.wait()
        self._channel.close()


class ForkServers:
    """The servers of this process, started where a launch first could use one."""

    def __init__(self) -> None:
        self._servers: dict[Key, ForkServer] = {}
        self._children: Counter[ForkServer] = Counter()
        self._lost: Counter[Key] = Counter()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def forking(self, launch: Launch) -> Iterator[ForkServer | None]:
        """The server that forks this launch, held against being ended meanwhile; None where it starts by itself.

        Who forks in the block gives the server back with `release` when the process is over. ServerLostError does
        not leave the block.
        """
        key = key_of(launch)
        server = self._claimed(key, launch) if key is not None else None
        if key is None or server is None:
            yield None
            return
        try:
            yield server if self._is_ready(key, server) else None
        except ServerLostError as error:
            self._forget(key, server, error)
        finally:
            self.release(server)

    def _is_ready(self, key: Key, server: ForkServer) -> bool:
        try:
            return server.is_ready()
        except ServerLostError as error:
            self._forget(key, server, error)
            return False

    def hold(self, server: ForkServer) -> None:
        """Count a process that this server has forked; the losses of its kind are counted anew."""
        with self._lock:
            self._children[server] += 1
            for key in [key for key, other in self._servers.items() if other is server]:
                self._lost.pop(key, None)

    def release(self, server: ForkServer) -> None:
        """Count one process of this server less."""
        with self._lock:
            self._children[server] -= 1
            if not self._children[server]:
                del self._children[server]

    def close(self) -> None:
        """End every server."""
        with self._lock:
            servers = list(self._servers.values())
            self._servers.clear()
        for server in servers:
            server.end()

    def _claimed(self, key: Key, launch: Launch) -> ForkServer | None:
        """The server of this kind, which may be a new one, counted as if it had one process more."""
        with self._lock:
            if key not in self._servers and self._lost[key] < ATTEMPTS:
                if len(self._servers) >= MOST:  # The oldest that has no children makes room.
                    idle = next((kind for kind, one in self._servers.items() if not self._children[one]), None)
                    if idle is not None:
                        self._servers.pop(idle).end()
                if len(self._servers) < MOST:
                    try:
                        self._servers[key] = ForkServer(launch)
                    except OSError as error:
                        LOG.warning("Functions start by themselves, without a fork server: %s", error)
            server = self._servers.get(key)
            if server is not None:
                self._children[server] += 1
            return server

    def _forget(self, key: Key, lost: ForkServer, error: ServerLostError) -> None:
        LOG.warning("A function starts by itself, as its fork server was lost: %s", error)
        with self._lock:
            if self._servers.get(key) is lost:
                del self._servers[key]
                self._lost[key] += 1
        lost.end()


def key_of(launch: Launch) -> Key | None:
    """The kind of server that a launch can be forked from, as others of this key; None for one that cannot be forked.

    Where shared libraries are looked for is read once, when a process starts. Folders of the function that have none
    make no difference: they never change.
    """
    if not (CAN_FORK and launch.is_python) or launch.variables.get("PYTHONPATH") != str(launch.runtime_folder):
        return None
    for name, value in launch.variables.items():
        if name.startswith(READ_AT_START) and name != LIBRARIES and value != AS_ALWAYS.get(name):
            return None
    fixed = launch.runtime_folder, launch.folder, launch.opt
    folders = [Path(folder) for folder in launch.variables.get(LIBRARIES, "").split(os.pathsep) if folder]
    matter = [str(folder) for folder in folders if not any(map(folder.is_relative_to, fixed)) or _has_libraries(folder)]
    return str(launch.program), str(launch.runtime_folder), layers_with_numpy(launch), tuple(matter)


def layers_with_numpy(launch: Launch) -> str:
    """The folder of the launch's layers if they bring numpy, and it does not say how numpy is to be; else empty."""
    if any(name.startswith(READ_BY_NUMPY) for name in launch.variables):
        return ""
    layers = launch.opt / "python"
    folders = (layers, *layers.glob("lib/python3.*/site-packages"))
    return str(launch.opt) if any((folder / "numpy").exists() for folder in folders) else ""


def is_readable(descriptor: int, wait_s: float | None) -> bool:
    """Whether there is something to read, at once, in so many seconds, or ever; also where `select` takes no such
    number."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if wait_s is None else wait_s * 1000))


def _has_libraries(folder: Path) -> bool:
    try:
        return any(".so" in entry.name or entry.name == "glibc-hwcaps" for entry in os.scandir(folder))
    except OSError:
        return False


CAN_FORK = sys.platform == "linux"
"""Elsewhere system libraries are not made to be forked."""
FORK_SERVERS = ForkServers()

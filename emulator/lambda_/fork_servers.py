"""Processes that functions are forked from, so that a new environment does not import the SDK anew.

What such a process does is told in `runtime/fork_server.py`, which runs in it. One serves all functions of a runtime:
it has imported nothing of theirs. A launch that a fork cannot stand in for is not taken, and starts by itself.
"""

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emulator.lambda_.launch import Launch

LOG = logging.getLogger(__name__)

ANSWER_S = 60.0
"""How long a server may take to answer, the import of its libraries included."""
BIGGEST = 1 << 17
"""Bytes of an answer."""
MOST = 4
"""Servers at a time: one for each runtime, and for each set of folders with shared libraries."""
ATTEMPTS = 3
"""So many servers of one kind are started after one another was lost."""
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
"""Elsewhere system libraries are not made to be forked, and the end of a process that is no child is not told."""
READ_AT_START = ("LD_", "MALLOC_", "GLIBC_", "LC_", "LANG")
"""Variables that a process reads when it starts and never again."""
AS_ALWAYS = {"LANG": "en_US.UTF-8"}
LIBRARIES = "LD_LIBRARY_PATH"

Key = tuple[str, str, tuple[str, ...]]


class ServerLostError(Exception):
    """A server ended, or does not answer."""


class ForkServer:
    """One process with the libraries of a runtime; thread-safe."""

    def __init__(self, launch: Launch) -> None:
        """Start it, for launches like this one. Raises OSError."""
        held, self._leash = os.pipe()
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = launch.program, "-I", "-S", "-X", "utf8", launch.runtime_folder / "fork_server.py"
        try:
            self._process = subprocess.Popen(  # noqa: S603
                [*map(str, program), str(held), str(theirs.fileno())],
                env={name: launch.variables[name] for name in ("LANG", "PATH", LIBRARIES) if name in launch.variables},
                cwd=launch.runtime_folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(held, theirs.fileno()),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._leash)
            self._channel.close()
            raise
        finally:
            os.close(held)
            theirs.close()
        self._channel.settimeout(ANSWER_S)
        self._lock = threading.Lock()
        self.children = 0

    def fork(self, launch: Launch, leash: int, output: int) -> int | None:
        """The process that was forked for this launch; None where the function has to start by itself.

        Raises ServerLostError.
        """
        asked = {"folder": str(launch.folder), "variables": dict(launch.variables)}
        asked |= {"opt": str(launch.opt), "handler": launch.handler}
        answer = self._ask({"fork": asked}, leash, output)
        if "pid" not in answer:
            LOG.debug("%s starts by itself: %s", launch.handler, answer["refused"])
            return None
        self.children += 1
        return int(answer["pid"])

    def reap(self, pid: int) -> int:
        """Wait until a process that was forked is over: its exit status, negative for a signal.

        Where the server is gone nobody can tell: then it was killed.
        """
        self.children -= 1
        try:
            return int(self._ask({"reap": pid})["status"])
        except ServerLostError:
            return -signal.SIGKILL

    def end(self) -> None:
        """End it; what it has forked goes on."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._leash)
        self._channel.close()

    def _ask(self, request: Mapping[str, Any], *descriptors: int) -> dict[str, Any]:
        with self._lock:
            try:
                socket.send_fds(self._channel, [json.dumps(request).encode()], descriptors)
                answer = self._channel.recv(BIGGEST)
            except OSError as error:
                raise ServerLostError(str(error)) from error
        if not answer:
            raise ServerLostError("it has ended")
        found: dict[str, Any] = json.loads(answer)
        return found


class ForkServers:
    """The servers of this process, started where a launch first needs one."""

    def __init__(self) -> None:
        self._servers: dict[Key, ForkServer] = {}
        self._lost: Counter[Key] = Counter()
        self._lock = threading.Lock()

    def fork(self, launch: Launch, leash: int, output: int) -> tuple[int, ForkServer] | None:
        """A process for this launch, and the server that has to reap it; None where it has to start by itself."""
        key = key_of(launch)
        if key is None or (server := self._server(key, launch)) is None:
            return None
        try:
            pid = server.fork(launch, leash, output)
        except ServerLostError as error:
            LOG.warning("A function starts by itself, as its fork server was lost: %s", error)
            self._forget(key, server)
            return None
        return (pid, server) if pid is not None else None

    def _server(self, key: Key, launch: Launch) -> ForkServer | None:
        with self._lock:
            if key not in self._servers and self._lost[key] < ATTEMPTS and self._has_room():
                try:
                    self._servers[key] = ForkServer(launch)
                except OSError as error:
                    LOG.warning("Functions start by themselves, without a fork server: %s", error)
            return self._servers.get(key)

    def _has_room(self) -> bool:
        """Whether one more server may be started, after the oldest that has no children made room where it has to."""
        if len(self._servers) < MOST:
            return True
        idle = next((key for key, server in self._servers.items() if not server.children), None)
        if idle is not None:
            self._servers.pop(idle).end()
        return idle is not None

    def _forget(self, key: Key, lost: ForkServer) -> None:
        with self._lock:
            if self._servers.get(key) is lost:
                del self._servers[key]
                self._lost[key] += 1
        lost.end()


def key_of(launch: Launch) -> Key | None:
    """What two launches have in common that can be forked from one server; None for one that cannot be forked.

    Where shared libraries are looked for is read once, when a process starts. Folders without any make no difference.
    """
    if not CAN_FORK or launch.variables.get("PYTHONPATH") != str(launch.runtime_folder):
        return None
    for name, value in launch.variables.items():
        if name.startswith(READ_AT_START) and name != LIBRARIES and value != AS_ALWAYS.get(name):
            return None
    folders = launch.variables.get(LIBRARIES, "").split(os.pathsep)
    with_libraries = tuple(folder for folder in folders if folder and _has_libraries(Path(folder)))
    return str(launch.program), str(launch.runtime_folder), with_libraries


def _has_libraries(folder: Path) -> bool:
    try:
        return any(".so" in entry.name for entry in os.scandir(folder))
    except OSError:
        return False


FORK_SERVERS = ForkServers()

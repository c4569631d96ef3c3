"""Starts functions by forking a process that has imported the runtime's libraries already.

On AWS each environment imports boto3 anew, which takes longer than most handlers. Here it is imported once, with all
that a client needs, and each environment begins as a copy of that process. Nothing of a function is imported before
the fork, but of its layers numpy where they bring it: to import it takes as long as all the rest. What a function would
not find as it should is refused: a package that brings a module of a name that is already imported (or was looked for
and not found) has to start by itself.

This file is copied into the runtime folder (`LAMBDA_RUNTIME_DIR`) and runs there, alone, with `-I -S`, on any Python
from 3.9 that can fork: it imports nothing of this project but its neighbours, `bootstrap.py` and `keeper.py`.

What is forked is a keeper, which forks the environment's process (see `keeper.py`) and tells the emulator all further.
To fork a process of this size takes some milliseconds, so that there is always one keeper that waits for its order.

Arguments: the descriptor of a socket (AF_UNIX, SOCK_SEQPACKET), and the folder of layers that have numpy, or nothing.
Requests and answers are JSON, one a message. The first message is {"ready": pid} of the server; then each answer
repeats the "number" of its request:

    {"fork": order}, with the descriptors of the keeper's socket and of the output
        → {"forked": pid} of the keeper, or {"refused": why} where the function has to start by itself
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import stat
import sys
import time
from importlib.machinery import PathFinder
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

import bootstrap  # type: ignore[import-not-found]
import keeper  # type: ignore[import-not-found]

LONGEST_NAME = 15
"""Bytes of a name that `ps` shows: the end of it tells one function of a project from another."""
BIGGEST = 1 << 17
"""Bytes of a request: the variables of a function have at most 4 KB."""
QUIET_MS = 100
"""How long a server waits for one more request before it forks the next keeper: that of the last one is starting."""
NUMPY = "numpy"
ABOUT = ".dist-info"
"""How folders end that tell about a library and hold no module, though its licences may go by a module's name."""
CLIENT = ("awslambdaric", "runtime_client")
"""The runtime client, which is not imported before the fork: it reads the environment when it is."""


class Missing:
    """The last of the finders: remembers which modules were looked for in vain."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(self, name: str, *_where: object) -> None:
        """Find nothing."""
        self.names.add(name.partition(".")[0])


class Taken:
    """The names of modules that a function cannot bring itself any more.

    imported: all of them; a package or layer that has one where it is looked for first would be given another.
    libraries: those of the runtime; a package that has one anywhere may put it in the path itself. home: the folder of
    a layer that numpy was imported from, so that it is right to find it there; empty where it was not imported.
    """

    def __init__(self, imported: set[str], libraries: set[str], home: str = "") -> None:
        self._imported, self._libraries, self._home = imported, libraries, home
        self._names: dict[str, set[str]] = {}

    def brought_by(self, folders: list[str]) -> list[str]:
        """The modules of them that are in these folders; a folder that nobody may write to is looked into once."""
        brought = set[str]()
        for folder in filter(os.path.isdir, folders):
            names = self._names.get(folder)
            if names is None:
                names = self._look(folder)
                if not os.stat(folder).st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):  # noqa: PTH116
                    self._names[folder] = names
            brought |= names
        return sorted(brought)

    def _look(self, folder: str) -> set[str]:
        own = {NUMPY} if folder == self._home else set[str]()
        names = {name for name in map(module_of, os.listdir(folder)) if name in self._imported} - own  # noqa: PTH208
        for here, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if not name.endswith(ABOUT)]
            if here == self._home:
                folders[:] = [name for name in folders if module_of(name) != NUMPY]
            names.update(name for name in map(module_of, [*folders, *files]) if name in self._libraries)
        return names


def module_of(entry: str) -> str:
    """The name by which a file or folder could be imported; empty where there is none."""
    name = entry.partition(".")[0]
    return name if name.isidentifier() and name != "__pycache__" else ""


def preload(runtime: str) -> None:
    """Import what a function needs of the runtime, and read what every client reads of its folder."""
    import boto3
    import simplejson  # type: ignore[import-untyped]  # noqa: F401
    import snapshot_restore_py  # type: ignore[import-untyped]  # noqa: F401
    from botocore import loaders

    load, read = loaders.JSONFileLoader.load_file, dict[str, Any]()
    own = tuple(os.path.join(os.path.dirname(str(module.__file__)), "data", "") for module in (boto3, loaders))  # noqa: PTH118, PTH120

    def load_once(loader: loaders.JSONFileLoader, file_path: str) -> Any:
        """Stands in for the SDK's reader of its own files, which nobody may write to."""
        if file_path in read:
            return read[file_path]
        content = load(loader, file_path)
        if content is not None and file_path.startswith(own):
            read[file_path] = content
        return content

    list_services, listed = loaders.Loader.list_available_services, dict[Any, list[str]]()

    def list_once(loader: loaders.Loader, type_name: str) -> list[str]:
        """Stands in for the SDK's look at every folder of its own, one a service, which nobody may write to."""
        key = (type_name, *loader.search_paths)
        if not all(path.startswith(runtime) for path in loader.search_paths):
            return list_services(loader, type_name)
        if key not in listed:
            listed[key] = list_services(loader, type_name)
        return list(listed[key])

    loaders.JSONFileLoader.load_file = load_once  # type: ignore[assignment,method-assign]
    loaders.Loader.list_available_services = list_once  # type: ignore[assignment,method-assign]
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    session.client("s3")


def import_numpy(layers: str) -> str:
    """Import numpy from these layers: the folder that has it; empty where they have it for another Python.

    Where it cannot be imported the process ends: a part of it may be there.
    """
    _, *folders, _ = bootstrap.import_paths("", layers, "", None)
    if PathFinder.find_spec(NUMPY, folders) is None:
        return ""
    sys.path[:0] = folders
    try:
        import numpy
    except Exception:
        sys.exit("numpy of the layers cannot be imported")
    finally:
        del sys.path[: len(folders)]
    return os.path.dirname(os.path.dirname(str(numpy.__file__)))  # noqa: PTH120


class Spare:
    """A keeper that is forked already and waits for its order."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid, self.channel = pid, channel

    def take(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Give it an order; it is no spare any more. Raises OSError where it is gone."""
        with self.channel:
            socket.send_fds(self.channel, [json.dumps(order).encode()], descriptors)


class Assigned:
    """The order of a keeper, with the descriptors of its socket and of the output."""

    def __init__(self, channel: socket.socket) -> None:
        """The one that comes; ends the process where none comes."""
        with channel:
            message, descriptors, _, _ = socket.recv_fds(channel, BIGGEST, 2)
        if not message:
            os._exit(0)
        self.order = keeper.Order(json.loads(message))
        self.control = socket.socket(fileno=descriptors[0])
        self.output = descriptors[1]


def spare(connection: socket.socket) -> Spare | Assigned:
    """Fork a keeper: a spare one here, its order there."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if not pid:
        ours.close()
        connection.close()
        return Assigned(theirs)
    theirs.close()
    return Spare(pid, ours)


def serve(connection: socket.socket, taken: Taken, runtime: str) -> Assigned:
    """Answer requests; comes back only in a process that was forked, with its order."""
    waiting: Spare | None = None
    requests = select.poll()
    requests.register(connection, select.POLLIN)
    while True:
        if waiting is None:
            requests.poll(QUIET_MS)
            forked = spare(connection)
            if isinstance(forked, Assigned):
                return forked
            waiting = forked
        message, descriptors, _, _ = socket.recv_fds(connection, BIGGEST, 2)
        if not message:
            sys.exit()
        request, answer = json.loads(message), dict[str, Any]()
        try:
            order = request["fork"]
            own = bootstrap.import_paths(order["variables"]["LAMBDA_TASK_ROOT"], order["opt"], runtime, None)[:-1]
            if double := taken.brought_by(own):
                answer = {"refused": "it brings " + ", ".join(double)}
            else:
                keeper_of_this, waiting = waiting, None
                keeper_of_this.take(order, descriptors)
                answer = {"forked": keeper_of_this.pid}
        except Exception as error:  # The trouble of one function is not that of all others.
            answer = {"refused": repr(error)}
        for descriptor in descriptors:
            os.close(descriptor)
        connection.send(json.dumps({"number": request["number"], **answer}).encode())


def become(order: keeper.Order) -> None:
    """Be the function's process: a folder, an environment and a name (in `ps`) of its own."""
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.variables)
    time.tzset()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    with contextlib.suppress(OSError), open("/proc/self/comm", "w") as name:  # noqa: PTH123
        name.write(order.variables.get("AWS_LAMBDA_FUNCTION_NAME", "")[-LONGEST_NAME:])


def main() -> None:
    """Serve until the socket is closed, or become a keeper and a function."""
    channel, layers = int(sys.argv[1]), sys.argv[2]
    connection, missing = socket.socket(fileno=channel), Missing()
    runtime = sys.path[0]
    sys.meta_path.append(missing)
    preload(runtime)
    bootstrap.without_shared_memory()
    home = import_numpy(layers) if layers else ""
    gc.collect()
    gc.freeze()
    libraries = set(map(module_of, os.listdir(runtime))).union(missing.names, CLIENT) - {""}  # noqa: PTH208
    imported = {name.partition(".")[0] for name in sys.modules} | libraries
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    connection.send(json.dumps({"ready": os.getpid()}).encode())
    assigned = serve(connection, Taken(imported, libraries, home), runtime)
    keeper.begin(assigned.order, assigned.control, assigned.output)
    assigned.control.close()
    sys.path.remove(runtime)
    sys.meta_path.remove(missing)
    become(assigned.order)
    bootstrap.begin(assigned.order.opt, assigned.order.handler)


if __name__ == "__main__":
    main()

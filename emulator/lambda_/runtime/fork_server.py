"""Starts functions by forking a process that has imported the runtime's libraries already.

On AWS each environment imports boto3 anew, which takes longer than most handlers. Here it is imported once, with all
that a client needs, and each environment begins as a copy of that process. Nothing of a function is imported before
the fork. What a function would not find as it should is refused: a package that brings a module of a name that is
already imported (or was looked for and not found) has to start by itself.

This file is copied into the runtime folder (`LAMBDA_RUNTIME_DIR`) and runs there, alone, with `-I -S`, on any Python
from 3.9 that can fork: it imports nothing of this project but its neighbour, `bootstrap.py`.

Arguments: the descriptor of the leash, the descriptor of a socket (AF_UNIX, SOCK_SEQPACKET). Requests and answers are
JSON, one a message:

    {"fork": {"folder", "variables", "opt", "handler"}}, with the descriptors of leash and output
        → {"pid"}, or {"refused": why} where the function has to start by itself
    {"reap": pid} → {"status"}: waits until the process is over; negative is the signal that ended it
"""

from __future__ import annotations

import gc
import json
import os
import socket
import sys
import time
from typing import Any

LONGEST_NAME = 15
"""Bytes of a name that `ps` shows: the end of it tells one function of a project from another."""
BIGGEST = 1 << 17
"""Bytes of a request: the variables of a function have at most 4 KB."""


class Missing:
    """The last of the finders: remembers which modules were looked for in vain."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(self, name: str, *_where: object) -> None:
        """Find nothing."""
        self.names.add(name.partition(".")[0])


class Order:
    """What a forked process has to become."""

    def __init__(self, asked: dict[str, Any], leash: int, output: int) -> None:
        self.folder: str = asked["folder"]
        self.variables: dict[str, str] = asked["variables"]
        self.opt: str = asked["opt"]
        self.handler: str = asked["handler"]
        self.leash, self.output = leash, output


def preload() -> None:
    """Import what a function needs of the runtime, and read what every S3 client reads.

    The runtime client itself is not imported: it reads the environment when it is.
    """
    import boto3
    import simplejson  # type: ignore[import-untyped]  # noqa: F401
    import snapshot_restore_py  # type: ignore[import-untyped]  # noqa: F401
    from botocore import loaders

    load, read = loaders.JSONFileLoader.load_file, dict[str, Any]()

    def load_once(loader: loaders.JSONFileLoader, file_path: str) -> Any:
        """Stands in for the SDK's reader of its own files, which nobody may write to."""
        if file_path not in read:
            read[file_path] = load(loader, file_path)
        return read[file_path]

    loaders.JSONFileLoader.load_file = load_once  # type: ignore[assignment,method-assign]
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    session.client("s3")


def modules_in(folders: list[str]) -> set[str]:
    """The names that can be imported from these folders."""
    names: set[str] = set()
    for folder in folders:
        if os.path.isdir(folder):  # noqa: PTH112
            names.update(entry.name.partition(".")[0] for entry in os.scandir(folder))
    return names


def serve(connection: socket.socket, taken: set[str], runtime: str) -> Order:
    """Answer requests; comes back only in a process that was forked, with its order.

    taken: names that no function may bring itself.
    """
    while True:
        message, descriptors, _, _ = socket.recv_fds(connection, BIGGEST, 2)
        if not message:
            sys.exit()
        request = json.loads(message)
        if "fork" in request:
            order = Order(request["fork"], *descriptors)
            answer = fork(order, taken, runtime)
            if answer is None:
                return order
            for descriptor in descriptors:
                os.close(descriptor)
        else:
            _, status = os.waitpid(request["reap"], 0)
            answer = {"status": os.waitstatus_to_exitcode(status)}
        connection.send(json.dumps(answer).encode())


def fork(order: Order, taken: set[str], runtime: str) -> dict[str, Any] | None:
    """Fork for an order: the answer to it; None in the process that was forked."""
    from bootstrap import import_paths  # type: ignore[import-not-found]

    own = import_paths(order.variables["LAMBDA_TASK_ROOT"], order.opt, runtime, None)[:-1]
    double = sorted(modules_in(own) & taken)
    if double:
        return {"refused": "it brings " + ", ".join(double)}
    try:
        pid = os.fork()
    except OSError as error:
        return {"refused": str(error)}
    return {"pid": pid} if pid else None


def become(order: Order) -> None:
    """Be the function's process: a session, an output, a folder, an environment and a name (in `ps`) of its own."""
    os.setsid()
    for standard in (1, 2):
        os.dup2(order.output, standard)
    os.close(order.output)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.variables)
    time.tzset()
    with open("/proc/self/comm", "w") as name:  # noqa: PTH123
        name.write(order.variables.get("AWS_LAMBDA_FUNCTION_NAME", "")[-LONGEST_NAME:])


def main() -> None:
    """Serve until the socket is closed, or become a function."""
    import bootstrap

    leash, channel = (int(descriptor) for descriptor in sys.argv[1:])
    bootstrap.hold_leash(leash)
    connection, missing = socket.socket(fileno=channel), Missing()
    runtime = sys.path[0]
    sys.meta_path.append(missing)
    preload()
    gc.collect()
    gc.freeze()
    taken = {name.partition(".")[0] for name in sys.modules} | missing.names
    order = serve(connection, taken | {"awslambdaric", "runtime_client"}, runtime)
    connection.close()
    os.close(leash)
    sys.path.remove(runtime)
    sys.meta_path.remove(missing)
    become(order)
    bootstrap.begin(order.leash, order.opt, order.handler)


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    main()

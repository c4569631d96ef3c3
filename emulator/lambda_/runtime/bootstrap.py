"""The first thing that runs in a function's process: it ties the process to the emulator, sees to it that only
the function's own code can be imported, and then becomes AWS's runtime interface client.

This file is copied into the runtime folder (`LAMBDA_RUNTIME_DIR`) and runs there, alone, with `-I -S`, on any
Python from 3.9: it imports nothing of this project.

Arguments: the descriptor of the leash, the folder that stands for `/opt`, the handler.
"""

import os
import sys

DESCRIPTORS = 1024
"""Files, sockets and pipes of a function, all processes that it starts have as many each."""


def hold_leash(descriptor: int) -> None:
    """Die, with the whole process group, when the other end of this pipe closes: no function outlives its emulator.

    Where the kernel can send a signal of our choice for it (Linux), that also ends a handler that is stuck in
    C code; elsewhere a thread waits for the end of the file.
    """
    import fcntl
    import signal

    os.set_inheritable(descriptor, False)
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
        try:
            closed_before_we_listened = os.read(descriptor, 1) == b""
        except BlockingIOError:
            closed_before_we_listened = False
        if closed_before_we_listened:
            os.killpg(os.getpgrp(), signal.SIGKILL)
        return
    import threading

    threading.Thread(target=_wait_for_end, args=(descriptor,), daemon=True, name="leash").start()


def limit_descriptors() -> None:
    """Let the function open as many files as on AWS, where the emulator may open more.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html ("File descriptors").
    """
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _wait_for_end(descriptor: int) -> None:
    import signal

    while os.read(descriptor, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def import_paths(task_root: str, opt: str, runtime: str, python_path: "str | None") -> "list[str]":
    """The folders to import from, before the standard library, in AWS's order.

    A function that sets PYTHONPATH itself replaces the folders of the layers, as on AWS.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/python-layers.html and the runtime's own bootstrap.
    """
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if python_path is None or python_path == runtime:
        middle = [f"{opt}/python/lib/{version}/site-packages", f"{opt}/python"]
    else:
        middle = python_path.split(os.pathsep)
    return [task_root, *middle, runtime]


def add_path_files(folders: "list[str]") -> None:
    """Read the `.pth` files of the package and its layers, as AWS's bootstrap does."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    for folder in folders:
        if os.path.isdir(folder) and any(entry.name.endswith(".pth") for entry in os.scandir(folder)):  # noqa: PTH112
            site.addsitedir(folder)


def begin(leash: int, opt: str, handler: str) -> None:
    """Become the runtime interface client; ends only with the process."""
    hold_leash(leash)
    limit_descriptors()
    runtime = os.environ["LAMBDA_RUNTIME_DIR"]
    folders = import_paths(os.environ["LAMBDA_TASK_ROOT"], opt, runtime, os.environ.get("PYTHONPATH"))
    sys.path[:0] = folders
    add_path_files(folders[:-1])
    sys.argv = [__file__, handler]

    from awslambdaric.__main__ import main as serve  # type: ignore[import-untyped]

    serve(sys.argv)


if __name__ == "__main__":
    begin(int(sys.argv[1]), *sys.argv[2:])

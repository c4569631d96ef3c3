"""The first thing that runs for a function in Python: it starts the function's process, sees to it that only the
function's own code can be imported there, and becomes AWS's runtime interface client.

This file is copied into the runtime folder (`LAMBDA_RUNTIME_DIR`) and runs there, alone, with `-I -S`, on any
Python from 3.9: it imports nothing of this project but its neighbour, `keeper.py`.

Argument: the descriptor of the socket to the emulator (see `keeper.py`).
"""

import os
import sys
from typing import NoReturn


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


def without_shared_memory() -> None:
    """Take named semaphores and shared memory away from `multiprocessing`.

    Lambda has no `/dev/shm`, so that a Queue, a Pool, a Lock or a SharedMemory fails there; Process and Pipe work.
    Source: https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
    """
    try:
        import _multiprocessing  # type: ignore[import-not-found]
        import _posixshmem  # type: ignore[import-not-found]
    except ImportError:
        return
    import errno

    def refuse(*_args: object, **_options: object) -> "NoReturn":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    _multiprocessing.SemLock = type("SemLock", (_multiprocessing.SemLock,), {"__new__": refuse})
    _posixshmem.shm_open = refuse


def begin(opt: str, handler: str) -> None:
    """Become the runtime interface client; ends only with the process."""
    runtime = os.environ["LAMBDA_RUNTIME_DIR"]
    folders = import_paths(os.environ["LAMBDA_TASK_ROOT"], opt, runtime, os.environ.get("PYTHONPATH"))
    sys.path[:0] = folders
    add_path_files(folders[:-1])
    sys.argv = [__file__, handler]

    from awslambdaric.__main__ import main as serve  # type: ignore[import-untyped]

    serve(sys.argv)


def main() -> None:
    """Start the function's process, and keep it."""
    import socket

    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path.insert(0, here)
    import keeper  # type: ignore[import-not-found]

    sys.path.remove(here)
    del sys.modules[keeper.__name__]  # A function may have a module of this name.
    control = socket.socket(fileno=int(sys.argv[1]))
    order = keeper.ordered(control)
    keeper.begin(order, control)
    control.close()
    without_shared_memory()
    begin(order.opt, order.handler)


if __name__ == "__main__":
    main()

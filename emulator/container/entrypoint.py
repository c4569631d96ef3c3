"""The first process of a container: `python -m wavetank.emulator.container.entrypoint` writes the environment of the
stack and becomes the stack's own process (`emulator.main`).

Different from a stack on the machine itself: it listens on every interface of the container, which are reached only
as far as the port is published; its control API also answers peers on the container's own networks, which is who
comes in through a published port; and all that it writes is below `/tmp`, as the image is read-only.
"""

import os
import shutil
import sys
from pathlib import Path

from wavetank.emulator.errors import CallerError
from wavetank.emulator.runtime.guard import IN_CONTAINER
from wavetank.emulator.stack.environment import CONTROL_PEERS, LogLevel, child_environment
from wavetank.emulator.stack.home import StackFolder

PORT = 4566
"""Inside the container; which one it is outside says `PUBLISHED_PORT`."""

PUBLISHED_PORT = "WAVETANK_PUBLISHED_PORT"
LOG_LEVEL = "WAVETANK_LOG_LEVEL"
EAGER = "WAVETANK_EAGER_SERVICES"
PEERS = "own,192.168.65.0/24"
"""The container's networks, and the one from which Docker Desktop's port forwarding comes."""

ALLOCATOR = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")
ALLOCATED_APART = str(128 << 10)
"""Bytes: glibc gives back at once what is larger. Left alone it moves the bound up to 32 MiB and keeps the rest."""

STATE = Path("/tmp/wavetank")  # noqa: S108 - the container's own
IMAGE_CACHE = Path("/opt/wavetank/cache")
COPIED = frozenset({"catalog", "plugins"})
"""Small, and rewritten by their owners; everything else of the cache is never changed and is linked to."""


def environment(folder: StackFolder, cache: Path) -> dict[str, str]:
    """The whole environment of the stack's process. Raises CallerError for a setting that makes no sense."""
    published = os.environ.get(PUBLISHED_PORT) or str(PORT)
    if not published.isdigit():
        raise CallerError(f"{PUBLISHED_PORT} is {published!r}, not a port number.")
    level = os.environ.get(LOG_LEVEL) or LogLevel.INFO
    if level not in list(LogLevel):
        raise CallerError(f"{LOG_LEVEL} is {level!r}.", f"There are: {', '.join(LogLevel)}.")
    return child_environment(PORT, folder, cache, LogLevel(level)) | {
        "GATEWAY_LISTEN": f"0.0.0.0:{PORT}",
        "LOCALSTACK_HOST": f"127.0.0.1:{published}",
        "EAGER_SERVICE_LOADING": "0" if os.environ.get(EAGER) == "0" else "1",
        IN_CONTAINER: "1",
        CONTROL_PEERS: os.environ.get(CONTROL_PEERS) or PEERS,
        **dict.fromkeys(ALLOCATOR, ALLOCATED_APART),
    }


def seed(cache: Path, image: Path) -> None:
    """Fill an empty, writable cache from the read-only one of the image, at no cost in memory."""
    for kind in sorted(image.iterdir()) if image.is_dir() else []:
        if kind.name in COPIED:
            shutil.copytree(kind, cache / kind.name, dirs_exist_ok=True)
            continue
        (cache / kind.name).mkdir(parents=True, exist_ok=True)
        for entry in kind.iterdir():
            link = cache / kind.name / entry.name
            if not link.is_symlink():
                link.symlink_to(entry)


def main() -> None:
    """Become the stack; state that a former run of this container left is removed."""
    shutil.rmtree(STATE, ignore_errors=True)
    folder, cache = StackFolder(STATE), STATE / "cache"
    for path in (folder.root, folder.tmp, cache):
        path.mkdir(parents=True)
    seed(cache, IMAGE_CACHE)
    try:
        variables = environment(folder, cache)
    except CallerError as error:
        sys.exit(f"error: {error}")
    os.chdir(STATE)
    os.execve(sys.executable, [sys.executable, "-P", "-m", "wavetank.emulator.main"], variables)  # noqa: S606


if __name__ == "__main__":
    main()

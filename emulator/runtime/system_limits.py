"""Limits of the system: how many files and sockets a stack may have open, and the room on its disk.

The soft limit of descriptors is 256 on macOS and 1,024 on most systems, for the sake of programs that use `select`; a
stack has a descriptor for each connection and several for each function. Functions get back what they have on AWS (see
`lambda_/runtime/bootstrap.py`).
"""

import contextlib
import errno
import resource
import shutil
from pathlib import Path

MOST_DESCRIPTORS = 1 << 20
"""Some systems say that there is no limit, and then refuse so many; nobody opens as many as this."""
USUAL_DESCRIPTORS = 10_240
"""The most that macOS allows, also where it says that there is no limit (OPEN_MAX)."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
ENOUGH_BYTES = 1 << 20
"""No stack starts with less: its certificate and its log are larger."""


def raise_limit() -> int:
    """Raise the soft limit of descriptors to the hard one: what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for most in (MOST_DESCRIPTORS, USUAL_DESCRIPTORS):
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if limit <= soft:
            break
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
            return limit
    return soft


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left on a disk."""
    return isinstance(error, OSError) and error.errno in FULL


def has_room(folder: Path) -> bool:
    """Whether a stack could start in a folder, or in the nearest one above it that is there."""
    nearest = next(path for path in (folder, *folder.parents) if path.is_dir())
    return shutil.disk_usage(nearest).free >= ENOUGH_BYTES

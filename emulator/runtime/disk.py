"""A disk without room: by which errors it is told, and whether a folder has room for a stack."""

import errno
import shutil
from pathlib import Path

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
ENOUGH = 1 << 20
"""Bytes without which no stack starts: its certificate and its log are larger."""


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room left."""
    return isinstance(error, OSError) and error.errno in FULL


def has_room(folder: Path) -> bool:
    """Whether a stack could start in a folder, or in the nearest one above it that is there."""
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    return shutil.disk_usage(there).free >= ENOUGH

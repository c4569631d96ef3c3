"""Folders of the shared cache that are made once and never change: unpacked packages, layers, the runtime's libraries.

Each is built under another name and moved into place, so that it is there as a whole or not at all: stacks that build
the same folder at once, or are killed while they do, never see a half.
"""

import contextlib
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from wavetank.emulator.stack.home import Home

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
DRAFT = ".draft-"
ABANDONED_S = 3600
"""Age past which a draft belongs to nobody any more."""

_locks: dict[Path, threading.Lock] = {}
_locks_lock = threading.Lock()


def cache_folder(kind: str) -> Path:
    """The folder of the shared cache for one kind of thing."""
    return Home.from_environment().cache / kind


def made_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, built by `build(empty draft folder)` where it does not exist yet.

    Whatever `build` raises is raised, and leaves nothing behind.
    """
    with _lock_of(folder):
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            _build(folder, build)
    return folder


def lock_tree(folder: Path) -> None:
    """Take the permission to write away from everything in `folder` and from the folder itself."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~WRITABLE)
        Path(parent).chmod(0o555)


def remove_tree(folder: Path) -> None:
    """Delete a folder, also one that is locked; one that is not there is no error."""
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)


def _build(folder: Path, build: Callable[[Path], None]) -> None:
    _sweep(folder.parent)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=folder.parent))
    draft.chmod(0o755)
    try:
        build(draft)
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        remove_tree(draft)


def _sweep(folder: Path) -> None:
    """Remove what builders left that were killed long ago."""
    for draft in folder.glob(f"{DRAFT}*"):
        with contextlib.suppress(OSError):
            if time.time() - draft.lstat().st_mtime > ABANDONED_S:
                remove_tree(draft) if draft.is_dir() else draft.unlink()


def _lock_of(folder: Path) -> threading.Lock:
    with _locks_lock:
        return _locks.setdefault(folder, threading.Lock())

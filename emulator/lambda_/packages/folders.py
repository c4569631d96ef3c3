"""Folders of the shared cache that are made once and never change: unpacked packages, layers, the runtime's libraries.

Each is built under another name and moved into place, so that it is there as a whole or not at all: stacks that build
the same folder at once, or are killed while they do, never see a half.

Packages and layers are bounded: of those nobody runs, the ones used longest ago go. Beside such a folder lies a file
that tells of it: its text is the folder's size, its time that of the last use, and while an environment runs on the
folder its stack holds a lock on the file, which the system gives back however the stack ends.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from wavetank.emulator.lambda_.process.usage import bytes_below
from wavetank.emulator.stack.home import Home

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
DRAFT = ".draft-"
ABANDONED_S = 3600
"""Age past which a draft belongs to nobody any more."""

MOST_BYTES = 4 << 30
"""Size of the unpacked packages, and that of the merged layers."""
PART_OF_DISK = 4
"""They take no more of the disk than this part of it."""
FRESH_S = 600.0
"""A folder that was used so recently is about to be run, or is being developed."""
ABOUT = ".about"
BOUNDED = ("packages", "layers")
"""The kinds of folders that are bounded; a folder that is developed in lies elsewhere."""

_locks: dict[Path, threading.Lock] = {}
_locks_lock = threading.Lock()


def cache_folder(kind: str) -> Path:
    """The folder of the shared cache for one kind of thing."""
    return Home.from_environment().cache / kind


def made_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, built by `build(empty draft folder)` where it does not exist yet.

    Whatever `build` raises is raised, and leaves nothing behind.
    """
    with _locks_lock:
        lock = _locks.setdefault(folder, threading.Lock())
    with lock:
        if folder.is_dir():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in folder.parent.glob(f"{DRAFT}*"):
            with contextlib.suppress(OSError):
                if time.time() - abandoned.lstat().st_mtime > ABANDONED_S:
                    remove_tree(abandoned) if abandoned.is_dir() else abandoned.unlink()
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
    return folder


def bounded(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, made once and used now; where it is new, the cache makes room for it."""
    is_new = not folder.is_dir()
    made_once(folder, build)
    use(folder)
    if is_new:
        bound(folder.parent)
    return folder


def lock_tree(folder: Path) -> None:
    """Make `folder` and everything in it read-only."""
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


class Leases:
    """The folders that environments of this process run on; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[int, int]] = {}

    def hold(self, folders: Iterable[Path]) -> None:
        """Keep these folders for one environment more."""
        with self._lock:
            for folder in folders:
                if folder in self._held:
                    count, descriptor = self._held[folder]
                    self._held[folder] = count + 1, descriptor
                    continue
                try:
                    descriptor = os.open(_about(folder), os.O_RDONLY)
                except OSError:
                    continue
                fcntl.flock(descriptor, fcntl.LOCK_SH)  # Which others may share.
                self._held[folder] = 1, descriptor

    def release(self, folders: Iterable[Path]) -> None:
        """Keep these folders for one environment less."""
        with self._lock:
            for folder in folders:
                if folder in self._held:
                    count, descriptor = self._held.pop(folder)
                    if count > 1:
                        self._held[folder] = count - 1, descriptor
                    else:
                        os.close(descriptor)


LEASES = Leases()


def use(folder: Path) -> None:
    """Note that a folder of the cache is used now; a cache that cannot be written to is as it is."""
    about = _about(folder)
    with contextlib.suppress(OSError):
        if about.exists():
            os.utime(about)
        elif folder.parent.name in BOUNDED:
            about.write_text(str(bytes_below(folder)))


def bound(kind: Path, most_bytes: int | None = None) -> None:
    """Remove folders of this kind that nobody uses, those used longest ago first, until they fit."""
    most = min(MOST_BYTES if most_bytes is None else most_bytes, shutil.disk_usage(kind).total // PART_OF_DISK)
    total, candidates = 0, list[tuple[float, int, Path]]()
    for folder in kind.iterdir():
        if folder.is_dir() and not folder.name.startswith(DRAFT):
            with contextlib.suppress(OSError, ValueError):
                if not _about(folder).exists():
                    use(folder)
                size, used = int(_about(folder).read_text()), _about(folder).stat().st_mtime
                total += size
                candidates.append((used, size, folder))
    for used, size, folder in sorted(candidates):
        if total <= most or time.time() - used < FRESH_S:
            return
        if _removed(folder):
            total -= size


def _removed(folder: Path) -> bool:
    """Whether the folder was removed: nobody runs on it."""
    try:
        descriptor = os.open(_about(folder), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        going = folder.with_name(f"{DRAFT}{folder.name}")
        folder.chmod(0o755)
        folder.rename(going)
        _about(folder).unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    remove_tree(going)
    return True


def _about(folder: Path) -> Path:
    return folder.with_name(folder.name + ABOUT)

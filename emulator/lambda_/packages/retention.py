"""The bound of the cache of unpacked packages and layers: of those nobody runs, the ones used longest ago go.

Beside a folder lies a file that tells of it: its text is the folder's size, its time that of the last use, and while an
environment runs on the folder its stack holds a lock on the file, which the system gives back however the stack ends.
"""

import contextlib
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from wavetank.emulator.lambda_.packages.folders import DRAFT, remove_tree
from wavetank.emulator.lambda_.process.usage import bytes_below

MOST_BYTES = 4 << 30
"""Size of the unpacked packages, and that of the merged layers."""
PART_OF_DISK = 4
"""They take no more of the disk than this part of it."""
FRESH_S = 600.0
"""A folder that was used so recently is about to be run, or is being developed."""
ABOUT = ".about"


class Leases:
    """The folders that environments of this process run on; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[Path, tuple[int, int]] = {}

    def hold(self, folders: Iterable[Path]) -> None:
        """Keep these folders, for one environment more."""
        with self._lock:
            for folder in folders:
                if folder in self._held:
                    count, descriptor = self._held[folder]
                    self._held[folder] = count + 1, descriptor
                elif (opened := _locked(folder)) is not None:
                    self._held[folder] = 1, opened

    def release(self, folders: Iterable[Path]) -> None:
        """Keep them for one environment less."""
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


BOUNDED = ("packages", "layers")
"""The kinds of folders that are bounded; a folder that is developed in lies elsewhere."""


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


def _locked(folder: Path) -> int | None:
    """The descriptor of the file about a folder, with a lock that others may share; None where there is none."""
    try:
        descriptor = os.open(_about(folder), os.O_RDONLY)
    except OSError:
        return None
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _about(folder: Path) -> Path:
    return folder.with_name(folder.name + ABOUT)

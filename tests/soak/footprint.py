"""What a stack's process takes of the machine."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from wavetank.emulator.stack.stack import EmbeddedStack

MB = 1 << 20


@dataclass(frozen=True)
class Footprint:
    """Memory and disk in MB; of the disk also what is deleted and held open, but not the log."""

    memory_mb: float
    threads: int
    descriptors: int
    disk_mb: float

    @classmethod
    def of(cls, stack: EmbeddedStack) -> "Footprint":
        """What the process takes now."""
        process = psutil.Process(stack.pid)
        with process.oneshot():
            memory, threads, descriptors = process.memory_info().rss, process.num_threads(), process.num_fds()
        written = _size(stack.folder.tmp) + _size(stack.folder.root) + _held(stack.pid)
        return cls(round(memory / MB, 1), threads, descriptors, round(written / MB, 1))

    def excess(self, before: "Footprint") -> list[str]:
        """In what this is more than it was, beyond what comes and goes by itself."""
        allowed = {
            "memory_mb": before.memory_mb * 1.2 + 64,
            "threads": before.threads + 8,
            "descriptors": before.descriptors + 8,
            "disk_mb": before.disk_mb + 8,
        }
        return [name for name, most in allowed.items() if asdict(self)[name] > most]


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.lstat().st_blocks * 512 if path.is_file() and not path.is_symlink() else 0
    return total


def _held(pid: int) -> int:
    """Bytes of deleted files that the process has open."""
    total = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if link.readlink().name.endswith("(deleted)"):
                total += link.stat().st_blocks * 512
    return total

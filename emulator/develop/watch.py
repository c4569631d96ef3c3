"""Which files of some folders changed, found by looking.

The folders hold a few dozen files, and looking at them costs a fraction of a millisecond: that is cheaper than a
dependency, and works on every file system, also on mounts that report no changes.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_S = 0.05
SETTLE_S = 0.02
"""How long a change must have been followed by none: editors write in several steps."""

IGNORED = ("__pycache__",)

type Mark = tuple[int, int, int]
"""What tells two states of a file apart: its time, size and inode."""


@dataclass
class Watch:
    """Files below these folders with one of these endings, and their state when they were last looked at."""

    folders: Sequence[Path]
    endings: tuple[str, ...]
    _seen: dict[Path, Mark] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._look()

    def changes(self) -> set[Path]:
        """The files that came, changed or went since the last time."""
        now = self._look()
        before, self._seen = self._seen, now
        return {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}

    def wait(self) -> set[Path]:
        """Return the next changes, once they have come to rest."""
        changed: set[Path] = set()
        while not changed:
            time.sleep(LOOK_S)
            changed = self.changes()
        while True:
            time.sleep(SETTLE_S)
            more = self.changes()
            if not more:
                return changed
            changed |= more

    def _look(self) -> dict[Path, Mark]:
        found: dict[Path, Mark] = {}
        for folder in self.folders:
            for parent, folders, names in os.walk(folder):
                folders[:] = [name for name in folders if name not in IGNORED]
                for name in names:
                    if name.endswith(self.endings):
                        path = Path(parent, name)
                        try:
                            about = path.stat()
                        except FileNotFoundError:
                            continue
                        found[path] = about.st_mtime_ns, about.st_size, about.st_ino
        return found

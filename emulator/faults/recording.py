"""The AWS calls that functions make, counted by call site; off until it is started.

A call site is named by the parts that are the same in every run: the function, the operation, the resource, and the key
or the prefix with the parts that vary as `*`. So a fault of the point `aws.call` can fire at the n-th call of a site.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from wavetank.emulator.faults.identity import pattern_of

FIELDS = ("caller", "service", "operation", "resource", "key", "prefix")
"""The fields of the targets of `aws.call` that name a site."""


@dataclass(frozen=True)
class RecordedSite:
    """A call site and how often it was called; `match` is what a fault matches all of its calls by."""

    match: Mapping[str, str]
    times: int


class Recording:
    """The calls of functions since `start`; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sites: Counter[tuple[str, ...]] = Counter()
        self.on = False
        """Whether calls are noted: ask before going to expense for a target."""

    def start(self) -> None:
        """Forget what was noted, and note calls from now on."""
        with self._lock:
            self._sites.clear()
            self.on = True

    def stop(self) -> None:
        """Note no more; what was noted stays."""
        self.on = False

    def note(self, target: Mapping[str, str]) -> None:
        """A call was made; only a function's counts."""
        if self.on and target["caller"]:
            site = tuple(pattern_of(target[name]) if name in ("key", "prefix") else target[name] for name in FIELDS)
            with self._lock:
                self._sites[site] += 1

    def seen(self) -> list[RecordedSite]:
        """Every site that was called, in the order of the first calls."""
        with self._lock:
            noted = list(self._sites.items())
        return [RecordedSite(dict(zip(FIELDS, site, strict=True)), times) for site, times in noted]


RECORDING = Recording()

"""The AWS calls that functions make, counted by call site; off until it is started.

A call site is named by the parts that are the same in every run: the function, the operation, the resource, and the key
or the prefix with the parts that vary as `*`. So a fault of the point `aws.call` can fire at the n-th call of a site.
Where keys are the same in every run, they can be noted as they are. A client that gives itself an application id counts
as a function.
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
        self._exact = False
        self.on = False
        """Whether calls are noted: ask before going to expense for a target."""

    def start(self, *, exact: bool = False) -> None:
        """Forget what was noted, and note calls from now on; keys and prefixes as they are, if `exact`."""
        with self._lock:
            self._sites.clear()
            self._exact = exact
            self.on = True

    def stop(self) -> None:
        """Note no more; what was noted stays."""
        self.on = False

    def note(self, target: Mapping[str, str]) -> None:
        """A call was made; only a function's counts."""
        if self.on and target["caller"]:
            varying = () if self._exact else ("key", "prefix")
            site = tuple(pattern_of(target[name]) if name in varying else target[name] for name in FIELDS)
            with self._lock:
                self._sites[site] += 1

    def seen(self) -> list[RecordedSite]:
        """Every site that was called, in the order of the first calls."""
        with self._lock:
            noted = list(self._sites.items())
        return [RecordedSite(dict(zip(FIELDS, site, strict=True)), times) for site, times in noted]


RECORDING = Recording()

"""Since when each snapshot of a reference is in effect: an append-only index, and the rule that makes it safe to cache.

A record that arrived at *a* is enriched with the last entry whose *effective from* ≤ *a*. Nobody reads the index for
each record: an environment that read it at *r* goes by it for records that arrived until *r* + `REFRESH_US`. That is
right because an entry takes effect only `REFRESH_US` and the clocks' skew after it became visible: whoever goes by an
older copy of the index does so for records that the new entry does not cover. So the first processing of a record and
any later one see the same entry.

Before the first entry nothing is processed, so that nobody can have used an older one: it is in effect from the
beginning of time.
"""

import json
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from wavetank.pipeline.errors import RetryLater

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US
REFRESH_US = 30 * SECOND_US
"""So long an environment goes by an index that it has read. What publishes has to be deployed before what reads by a
longer one."""
SKEW_US = 10 * SECOND_US
"""So far the clocks of Kinesis, S3 and Lambda may be apart."""
PUBLISH_US = 20 * SECOND_US
"""So long the writing of an index may take, with all retries (`pipeline.aws.publication`)."""
DELAY_US = PUBLISH_US + REFRESH_US + SKEW_US
"""From the decision to publish a snapshot until it is in effect."""
BEGINNING_US = 0
"""The first entry is in effect from here on, and for records of any age."""
VERSION = 1


class NoSnapshot(RetryLater):
    """No snapshot is in effect for a record: none is published yet, or those of its time are gone."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A snapshot by its digest, and the time (microseconds since the epoch) from which on it is in effect."""

    from_us: int
    digest: str


@dataclass(frozen=True, slots=True)
class Index:
    """The entries of a reference, in order of time; the first may have been `pruned` away."""

    entries: tuple[Entry, ...] = ()

    @property
    def newest(self) -> Entry | None:
        """The last entry, whether or not it is in effect yet; None where there is none."""
        return self.entries[-1] if self.entries else None

    def as_of(self, arrived_us: int, name: str) -> Entry:
        """The entry in effect at a time. Raises NoSnapshot, naming the reference, where none is."""
        number = bisect_right(self.entries, arrived_us, key=lambda entry: entry.from_us)
        if number == 0:
            why = "its snapshots of that time have expired" if self.entries else "no snapshot of it is published yet"
            raise NoSnapshot(f"reference {name}: nothing is in effect at {arrived_us / SECOND_US:,.0f} s: {why}")
        return self.entries[number - 1]

    def with_snapshot(self, digest: str, now_us: int) -> "Index":
        """The index with one more entry, decided now; the same index where the newest has that digest."""
        if self.newest is None:
            return Index((Entry(BEGINNING_US, digest),))
        if self.newest.digest == digest:
            return self
        return Index((*self.entries, Entry(max(now_us + DELAY_US, self.newest.from_us + 1), digest)))

    def pruned(self, before_us: int) -> "Index":
        """The index without the entries that were followed by another one before a time."""
        gone = sum(following.from_us <= before_us for following in self.entries[1:])
        return Index(self.entries[gone:])

    def to_json(self) -> bytes:
        """The index as it is published; `from_json` gives it back."""
        entries = [{"from_us": entry.from_us, "digest": entry.digest} for entry in self.entries]
        return json.dumps({"version": VERSION, "entries": entries}, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "Index":
        """The index in a document. Raises ValueError for what is none."""
        document: Any = json.loads(text)
        try:
            if document["version"] != VERSION:
                raise ValueError(f"an index of version {document['version']!r}; this release reads {VERSION}")
            entries = tuple(Entry(int(each["from_us"]), str(each["digest"])) for each in document["entries"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no index of a reference: {error!r}") from error
        if any(a.from_us >= b.from_us for a, b in pairwise(entries)):
            raise ValueError("no index of a reference: its entries are not in order of time")
        return cls(entries)


def is_fresh(read_us: int, arrived_us: int) -> bool:
    """Whether an index that was read at a time answers for records that arrived at another one."""
    return arrived_us <= read_us + REFRESH_US

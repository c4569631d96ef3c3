"""Reference data as the oracle sees them: what a drill published, and since when each of it is in effect.

The rows are inputs of a drill, as events are: those of the project's files, and what the drill published instead.
docs/promises.md says since when they are in effect ("As of arrival"): the first from the beginning, further ones so
long after they were published. When that was the drill knows to a second or so; exactly it stands in the index that the
pipeline goes by. The index is believed as far as it agrees with what the drill knows. One that says anything else is
wrong: its entries are then taken to be where the drill has them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

from wavetank.scenarios.oracle.avro import Type
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.oracle.promises import EFFECTIVE_AFTER

AS_OF = "enriched_as_of"
"""The field that says as of when an event is enriched."""
BEGINNING_US = 0
SECOND_US = 1_000_000
"""The services tell their time in whole seconds, at least in some places."""
EFFECTIVE_AFTER_US = int(EFFECTIVE_AFTER.total_seconds()) * SECOND_US

Row = Mapping[str, Any]
Rows = Mapping[tuple[str, ...], Row]
"""Key → row. The values of a key as text: within the type of a column, no two have the same."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Rows that were published between two times, in microseconds since the epoch."""

    rows: Rows
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """An entry of the index as it lies in the registry."""

    from_us: int
    digest: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The rows of a reference that are in effect from a time on."""

    since_us: int
    rows: Rows


@dataclass(frozen=True)
class ReferenceHistory:
    """The editions of a reference in order of time, and in words what is wrong with its index in the registry."""

    editions: tuple[Edition, ...]
    problems: tuple[str, ...] = ()

    def as_of(self, arrived_us: int) -> Edition:
        """The edition that a record is enriched with which arrived at a time."""
        return next(edition for edition in reversed(self.editions) if edition.since_us <= arrived_us)


@dataclass(frozen=True)
class InEffect:
    """The reference data that an event is enriched with: since when, None where there are none, and rows by name."""

    since_us: int | None
    rows: Mapping[str, Rows]


def always(rows: Rows) -> ReferenceHistory:
    """The history of a reference that was published once."""
    return ReferenceHistory((Edition(BEGINNING_US, rows),))


def history_of(published: Sequence[Publication], index: Sequence[IndexEntry]) -> ReferenceHistory:
    """The history of a reference that was published so, by its index where that is right.

    Whatever is published again as it is makes no edition. Raises ValueError where nothing was published.
    """
    publications = list[Publication]()
    for publication in published:
        if not publications or publication.rows != publications[-1].rows:
            publications.append(publication)
    if not publications:
        raise ValueError("nothing was published")
    problems = tuple(_problems(publications, index))
    if not problems:
        pairs = zip(index, publications, strict=True)
        return ReferenceHistory(tuple(Edition(entry.from_us, publication.rows) for entry, publication in pairs))
    since = [BEGINNING_US, *(publication.to_us + EFFECTIVE_AFTER_US for publication in publications[1:])]
    editions = (Edition(at, publication.rows) for at, publication in zip(since, publications, strict=True))
    return ReferenceHistory(tuple(editions), problems)


def _problems(publications: Sequence[Publication], index: Sequence[IndexEntry]) -> Iterator[str]:
    if len(index) != len(publications):
        yield f"it has {len(index)} entries, and {len(publications)} were published"
        return
    if index[0].from_us != BEGINNING_US:
        yield f"its first entry is in effect from {index[0].from_us} us, not from the beginning"
    for number in range(1, len(index)):
        at, before, publication = index[number].from_us, index[number - 1].from_us, publications[number]
        earliest = publication.from_us + EFFECTIVE_AFTER_US - SECOND_US
        latest = max(publication.to_us + EFFECTIVE_AFTER_US, before + 1)
        if not max(earliest, before + 1) <= at <= latest:
            yield f"entry {number} is in effect from {at} us, and has to be from {earliest} to {latest} us on"
    for one, other in combinations(range(len(index)), 2):
        if (index[one].digest == index[other].digest) != (publications[one].rows == publications[other].rows):
            same = "one snapshot" if index[one].digest == index[other].digest else "two snapshots"
            yield f"its entries {one} and {other} have {same}"


def key_of(values: Sequence[object]) -> tuple[str, ...] | None:
    """The key that some values are looked up by; None where one of them is null."""
    return None if any(value is None for value in values) else tuple(map(str, values))


def by_key(rows: Iterable[Row], key: Sequence[str]) -> Rows:
    """Rows by the values of their key, every one with every column."""
    every = list(rows)
    nulls = dict.fromkeys(name for row in every for name in row)
    whole = ({**nulls, **row} for row in every)
    return {values: row for row in whole if (values := key_of([row[name] for name in key])) is not None}


def word_of(value: Any, avro: Type | None) -> Value:
    """A value of a row in the oracle's words, in a field of a type."""
    if avro is not None and avro["type"] == "union":
        avro = next((branch for branch in avro["branches"] if branch["type"] != "null"), None)
    if value is None or avro is None:
        plain: Value = value
        return plain
    if isinstance(value, Decimal):
        return f"{value:.{avro['logical'][2]}f}"
    if avro["type"] in ("float", "double"):
        return float(value)
    word: Value = value
    return word

"""What differs between two snapshots of a reference: columns, rows that came, went or changed. Pure.

Memory is that of the two snapshots: of the rows that differ only the first ones are kept, all are counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.reference.table import Key, Row, Table
from wavetank.scenarios.client.reference.words import Plain, document, in_words, key_document

Columns = Mapping[str, str]
"""Types of columns, in words, by name."""


class Change(StrEnum):
    """The kinds of changes, each by the sign that it is shown with."""

    ADDED = "+"
    GONE = "-"
    CHANGED = "~"


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that came, went or changed: its key, and the columns that there are to see of it, before and after."""

    change: Change
    key: Mapping[str, Plain]
    before: Mapping[str, Plain] = field(default_factory=dict)
    after: Mapping[str, Plain] = field(default_factory=dict)

    def __str__(self) -> str:
        match self.change:
            case Change.ADDED:
                more = in_words(self.after)
            case Change.GONE:
                more = in_words(self.before)
            case Change.CHANGED:
                more = "  ".join(
                    f"{in_words({name: value})} → {_word(self.after[name])}" for name, value in self.before.items()
                )
        return f"{self.change} {in_words(self.key)}  {more}".rstrip()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences of two snapshots: sentences about the table, the first changed rows, and how many there are."""

    table: tuple[str, ...]
    rows: tuple[RowChange, ...]
    counts: Mapping[Change, int]
    before: int
    after: int

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        return bool(self.table) or any(self.counts.values())

    def to_document(self) -> dict[str, Any]:
        """The comparison as JSON has it."""
        return {
            "columns": list(self.table),
            "rows_before": self.before,
            "rows_after": self.after,
            **{change.name.lower(): count for change, count in self.counts.items()},
            "rows": [
                {"change": row.change.name.lower(), "key": row.key, "before": row.before, "after": row.after}
                for row in self.rows
            ],
        }


def compare(before: Snapshot, after: Snapshot, most: int) -> Comparison:
    """The differences between two snapshots, with the first `most` rows of each kind of change.

    A column that only one of them has counts for the table, and for no row. Where the keys differ in their columns all
    rows went, and all others came.
    """
    counts = dict.fromkeys(Change, 0)
    kept: dict[Change, list[RowChange]] = {change: [] for change in Change}
    for change in _changes(before, after):
        counts[change.change] += 1
        if counts[change.change] <= most:
            kept[change.change].append(change)
    rows = tuple(row for change in Change for row in kept[change])
    return Comparison(tuple(_of_tables(before.table, after.table)), rows, counts, len(before), len(after))


def _of_tables(before: Table, after: Table) -> Iterator[str]:
    old, new = _columns(before), _columns(after)
    for name, now in new.items():
        if name not in old:
            yield f"{Change.ADDED} column {name} {now}"
        elif old[name] != now:
            yield f"{Change.CHANGED} column {name} {old[name]} → {now}"
    for name in old:
        if name not in new:
            yield f"{Change.GONE} column {name} {old[name]}"
    if before.key != after.key:
        yield f"{Change.CHANGED} key {', '.join(before.key)} → {', '.join(after.key)}"


def _columns(table: Table) -> Columns:
    return {column.name: str(column.type) for column in table.columns}


def _changes(before: Snapshot, after: Snapshot) -> Iterator[RowChange]:
    old, new = before.table, after.table
    is_same_key = [(name, old.type_of(name)) for name in old.key] == [(name, new.type_of(name)) for name in new.key]
    shared = [name for name in _columns(old) if name in _columns(new) and name not in new.key]
    for row in after.rows():
        key = _key(row, new)
        earlier = before.find(key) if is_same_key else None
        if earlier is None:
            yield RowChange(Change.ADDED, key_document(key, new), after=_rest(row, new))
        elif any(earlier[name] != row[name] for name in shared):
            was, now = document(earlier, old), document(row, new)
            # Two numbers that are none are written alike, and are no change.
            if differing := [name for name in shared if earlier[name] != row[name] and was[name] != now[name]]:
                first, then = ({name: each[name] for name in differing} for each in (was, now))
                yield RowChange(Change.CHANGED, key_document(key, new), first, then)
    for row in before.rows():
        key = _key(row, old)
        if not is_same_key or after.find(key) is None:
            yield RowChange(Change.GONE, key_document(key, old), before=_rest(row, old))


def _key(row: Row, table: Table) -> Key:
    return tuple(row[name] for name in table.key)  # type: ignore[misc]


def _rest(row: Row, table: Table) -> dict[str, Plain]:
    return {name: value for name, value in document(row, table).items() if name not in table.key}


def _word(value: Plain) -> str:
    return "NULL" if value is None else str(value)

"""A survey of a source file: all that has to be known of its rows, read once, in bounded memory and linear time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.scenarios.client.inference.identity import Choice, IdCandidates
from wavetank.scenarios.client.inference.observation import Observation, Places
from wavetank.scenarios.client.inference.uniqueness import Uniqueness
from wavetank.scenarios.workload.json_paths import JsonPath
from wavetank.scenarios.workload.ndjson import parse
from wavetank.scenarios.workload.rejects import Rejection, RejectReason
from wavetank.scenarios.workload.rows import Json, Row
from wavetank.scenarios.workload.source_file import Format, OpenSource, opened

SAMPLES = 20
ALL_FIELDS = "*"


@dataclass(frozen=True, slots=True)
class Source:
    """A source file and how it is read; rows: how many of it at most, None for all."""

    path: Path
    format: Format | None = None
    separator: str | None = None
    rows: int | None = None

    @contextmanager
    def opened(self) -> Iterator[tuple[OpenSource, Iterator[Row]]]:
        """The open source, and its rows that are not blank. Raises as `source_file.opened`."""
        with opened(self.path, self.format, self.separator) as source:
            yield source, islice((row for row in source.rows if not row.is_blank), self.rows)


@dataclass
class NamedField:
    """A field that was named as the id or the time: its values, the rows without one, and of an id how many repeat."""

    path: JsonPath
    seen: Observation = field(default_factory=Observation)
    missing: int = 0
    first_missing: int = 0
    repeats: int = 0


@dataclass
class Survey:
    """The result: rows that are objects, those that are none by the reason, and what was observed.

    first_unread: of the first row that is no object, its number and why. columns: of Parquet, its schema in Arrow.
    samples: the first rows, as they were read. broken: why the file was not read to its end.
    """

    format: Format
    separator: str | None = None
    header: bytes = b""
    columns: Any = None
    rows: int = 0
    unread: Counter[RejectReason] = field(default_factory=Counter)
    first_unread: str = ""
    root: Observation = field(default_factory=Observation)
    places: Places = field(default_factory=Places)
    samples: list[bytes] = field(default_factory=list)
    proposed_id: Choice | None = None
    id: NamedField | None = None
    time: NamedField | None = None
    broken: str | None = None


def survey(source: Source, id_: str | None, time: str | None, enums: tuple[str, ...] = ()) -> Survey:
    """Read a source; id_ and time: fields that are named, `*` for an id that is the hash of the row.

    enums: fields whose different texts are wanted. Raises as `source_file.opened`.
    """
    with source.opened() as (opened_source, rows), TemporaryDirectory(prefix="wavetank-") as folder:
        result = Survey(opened_source.format, opened_source.separator, opened_source.header, opened_source.columns)
        result.id = NamedField(JsonPath.of(id_)) if id_ is not None and id_ != ALL_FIELDS else None
        result.time = NamedField(JsonPath.of(time)) if time is not None else None
        result.root.members = {name: Observation(symbols=set()) for name in enums}
        candidates = IdCandidates(Path(folder)) if id_ is None else None
        _read(result, rows, candidates, Uniqueness(Path(folder)))
        result.root.members = {name: seen for name, seen in result.root.members.items() if seen.count}
        result.proposed_id = candidates.choice() if candidates is not None else None
        result.broken = opened_source.rows.broken
    return result


def _read(result: Survey, rows: Iterator[Row], candidates: IdCandidates | None, ids: Uniqueness) -> None:
    for row in rows:
        document = row.problem or (parse(row.data) if row.document is None else row.document)
        if isinstance(document, Rejection):
            result.unread[document.reason] += 1
            result.first_unread = result.first_unread or f"row {row.number}: {document.message}"
            continue
        result.rows += 1
        result.root.add(document, row.number, result.places)
        if len(result.samples) < SAMPLES:
            result.samples.append(row.data)
        if candidates is not None:
            candidates.add(document)
        if result.id is not None and (value := _look(result.id, document, row.number)) is not None:
            ids.add(value)
        if result.time is not None:
            value = _value(document, result.time.path)
            result.time.seen.add(value, row.number, result.places)
            _look(result.time, document, row.number)
    if result.id is not None:
        result.id.repeats = ids.finish()


def _look(named: NamedField, document: Json, row: int) -> str | None:
    """The text of a named field, where it has one."""
    value = _value(document, named.path)
    if value is None or value == "":
        named.missing += 1
        named.first_missing = named.first_missing or row
        return None
    return str(value)


def _value(document: Json, path: JsonPath) -> Any:
    """The value that a mapping finds under a name or a path."""
    return path.find(document)[0] if len(path.steps) > 1 else document.get(path.text)

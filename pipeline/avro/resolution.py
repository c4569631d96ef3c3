"""Schema resolution: which writer's schema a reader's schema can read, and what stands in the way, in sentences.

Source: Avro specification, "Schema Resolution", "Aliases"; decimals match when precision and scale do ("Decimal").

From it follows whether a new version of a schema may follow the ones there are. BACKWARD: readers with the new version
read what older versions wrote. FORWARD: readers with older versions read what the new one writes. FULL: both. The
transitive forms look at every older version, the others at the last one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from wavetank.pipeline.avro.canonical import canonical
from wavetank.pipeline.avro.model import (
    ABSENT,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Primitive,
    Record,
    Type,
    Union,
    title,
    unqualified,
)

PROMOTIONS = {
    "int": frozenset({"long", "float", "double"}),
    "long": frozenset({"float", "double"}),
    "float": frozenset({"double"}),
    "string": frozenset({"bytes"}),
    "bytes": frozenset({"string"}),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason that something cannot be read: `field` is its path, empty for the schema as a whole."""

    field: str
    rule: str

    def __str__(self) -> str:
        return f"field {self.field}: {self.rule}" if self.field else self.rule


class Level(StrEnum):
    """How much of what was written before, and of who reads already, a change must respect."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def is_transitive(self) -> bool:
        """Whether every older version counts."""
        return self.endswith("_TRANSITIVE")

    @property
    def looks_back(self) -> bool:
        """Whether the new version must read what older ones wrote."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def looks_forward(self) -> bool:
        """Whether older versions must read what the new one writes."""
        return self.startswith(("FORWARD", "FULL"))


@dataclass(frozen=True, slots=True)
class Breach:
    """A way in which a version breaks compatibility with an older one."""

    older: int
    backward: bool
    problem: Problem

    def sentence(self, newer: int) -> str:
        """The breach in words, naming the field and the rule."""
        reader, writer = (newer, self.older) if self.backward else (self.older, newer)
        rule = "BACKWARD" if self.backward else "FORWARD"
        return f"{self.problem} (reading v{writer} with v{reader}, {rule})"


def problems(writer: Type, reader: Type) -> Iterator[Problem]:
    """Everything that keeps `reader` from reading some record of `writer`; nothing where it reads all."""
    yield from _problems(writer, reader, "", set())


def field_problems(writer: Record, reader: Record) -> Iterator[Problem]:
    """As `problems`, of two records whose names need not match: an event's raw and processed form."""
    yield from _record_problems(writer, reader, "", {(id(writer), id(reader))})


def breaches(new: Type, older: Sequence[tuple[int, Type]], level: Level) -> Iterator[Breach]:
    """Everything in which the schema `new` is not compatible with `older` (version and schema, oldest first)."""
    compared = older if level.is_transitive else older[-1:]
    for version, schema in compared:
        if level.looks_back:
            yield from (Breach(version, True, problem) for problem in problems(schema, new))
        if level.looks_forward:
            yield from (Breach(version, False, problem) for problem in problems(new, schema))


def matches(writer: Type, reader: Type) -> bool:
    """Whether the schemas match, in the specification's sense; what is inside records is not looked at."""
    match writer, reader:
        case (Union(), _) | (_, Union()):
            return True
        case Primitive(), Primitive():
            if writer.name == reader.name:
                return _decimals_match(writer, reader)
            return reader.name in PROMOTIONS.get(writer.name, ())
        case (Array(written), Array(read)) | (Map(written), Map(read)):
            return matches(written, read)
        case Fixed(), Fixed():
            return writer.size == reader.size and _names_match(writer, reader) and _decimals_match(writer, reader)
        case Enum(), Enum():
            return _names_match(writer, reader)
        case Record(), Record():
            return _names_match(writer, reader)
    return False


def branch_of(written: Type, reader: Union) -> Type | None:
    """The branch of a reader's union that reads what was written: of its own type and full name, else the first.

    Before the first that matches comes one of the same type and full name, then one with that name as an alias: so a
    value keeps its branch where the reader has it, in whatever order (Java's `Resolver`, `firstMatchingBranch`).
    """
    matching = [branch for branch in reader.branches if matches(written, branch)]
    return min(matching, key=lambda branch: _distance(written, branch), default=None)


def readers_of(writer: Union, reader: Type) -> Sequence[Type]:
    """The type that each branch of a writer's union is read as: by position where the reader has the same union.

    Unions are the same by their canonical form; two branches of one may match each other, by promotion or by name.
    """
    if isinstance(reader, Union) and (writer is reader or canonical(writer) == canonical(reader)):
        return reader.branches
    return [reader] * len(writer.branches)


def sources(writer: Record, reader: Record) -> dict[str, Field]:
    """Name of the reader's field → the writer's field it is read from: of the same name, or of one of its aliases."""
    by_name = {field.name: field for field in writer.fields}
    claimed = {field.name for field in reader.fields}
    read_from: dict[str, Field] = {}
    for field in reader.fields:
        names = [field.name, *(alias for alias in field.aliases if alias not in claimed)]
        name = next((name for name in names if name in by_name), None)
        if name is not None:
            read_from[field.name] = by_name[name]
    return read_from


def _problems(writer: Type, reader: Type, path: str, seen: set[tuple[int, int]]) -> Iterator[Problem]:
    if isinstance(writer, Union):
        for branch, read in zip(writer.branches, readers_of(writer, reader), strict=True):
            yield from _problems(branch, read, path, seen)
        return
    if isinstance(reader, Union):
        branch_read = branch_of(writer, reader)
        if branch_read is None:
            yield Problem(path, f"{title(writer)} is no longer among {title(reader)}")
        else:
            yield from _problems(writer, branch_read, path, seen)
        return
    if not matches(writer, reader):
        rule = f"what is written as {title(writer)} cannot be read as {title(reader)}"
        if isinstance(writer, Fixed) and isinstance(reader, Fixed) and writer.size != reader.size:
            rule = f"{title(writer)} has {writer.size} bytes, the reader wants {reader.size}"
        yield Problem(path, rule)
        return
    match writer, reader:
        case (Array(written), Array(read)) | (Map(written), Map(read)):
            yield from _problems(written, read, path, seen)
        case Enum(), Enum():
            readable = frozenset(reader.symbols)
            gone = [symbol for symbol in writer.symbols if symbol not in readable]
            if gone and reader.default is None:
                rule = f"the symbols {', '.join(gone)} are unknown to the reader and the enum has no default"
                yield Problem(path, rule)
        case Record(), Record() if (id(writer), id(reader)) not in seen:
            seen.add((id(writer), id(reader)))
            yield from _record_problems(writer, reader, path, seen)


def _record_problems(writer: Record, reader: Record, path: str, seen: set[tuple[int, int]]) -> Iterator[Problem]:
    read_from = sources(writer, reader)
    for field in reader.fields:
        where = f"{path}.{field.name}" if path else field.name
        source = read_from.get(field.name)
        if source is not None:
            yield from _problems(source.type, field.type, where, seen)
        elif field.default is ABSENT:
            yield Problem(where, "the writer does not have it and the reader has no default for it")


def _decimals_match(writer: Primitive | Fixed, reader: Primitive | Fixed) -> bool:
    types = (writer.logical, reader.logical)
    if all(logical is not None and logical.name == "decimal" for logical in types):
        return types[0] == types[1]
    return True


def _distance(writer: Type, reader: Type) -> int:
    """The order in which types that match are taken: the same, renamed by an alias, another."""
    match writer, reader:
        case (Enum() | Fixed() | Record(), Enum() | Fixed() | Record()):
            return 0 if writer.name == reader.name else 1 if writer.name in reader.aliases else 2
        case Primitive(), Primitive():
            return 0 if writer.name == reader.name else 2
    return 0


def _names_match(writer: Enum | Fixed | Record, reader: Enum | Fixed | Record) -> bool:
    """By unqualified name, or by one of the reader's aliases."""
    return unqualified(writer.name) in {unqualified(name) for name in (reader.name, *reader.aliases)}

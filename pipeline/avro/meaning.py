"""The meaning of a field is its logical type: resolution takes no notice of it, so a change of it is one in silence.

Source: Avro specification, "Logical Types", "Schema Resolution". What is written as timestamp-millis and read as
timestamp-micros resolves, and lands in 1970. The pairs that are compared are those along which values travel.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from wavetank.pipeline.avro.model import Array, Fixed, Logical, Map, Primitive, Record, Type, Union
from wavetank.pipeline.avro.resolution import branch_of, readers_of, sources


@dataclass(frozen=True, slots=True)
class Change:
    """A field whose values mean something else to the reader: the paths of both ends, and their meanings in words."""

    written_field: str
    field: str
    written: str
    read: str


def changes(writer: Record, reader: Record, converted: Container[str] = ()) -> Iterator[Change]:
    """Every change of meaning on the way from one record to another, inside records, arrays, maps and unions too.

    Fields of the reader's that are `converted` change no value. A uuid in a string is the string that it is.
    """
    seen = {(id(writer), id(reader))}
    targets = {field.name: field.type for field in reader.fields}
    for name, source in sources(writer, reader).items():
        if name not in converted:
            yield from _changes(source.type, targets[name], source.name, name, seen)


def _changes(writer: Type, reader: Type, wrote: str, reads: str, seen: set[tuple[int, int]]) -> Iterator[Change]:
    match writer, reader:
        case Union(), _:
            for branch, read in zip(writer.branches, readers_of(writer, reader), strict=True):
                yield from _changes(branch, read, wrote, reads, seen)
        case _, Union():
            taken = branch_of(writer, reader)
            if taken is not None:
                yield from _changes(writer, taken, wrote, reads, seen)
        case (Array(written), Array(read)):
            yield from _changes(written, read, f"{wrote}[]", f"{reads}[]", seen)
        case (Map(written), Map(read)):
            yield from _changes(written, read, f"{wrote}{{}}", f"{reads}{{}}", seen)
        case (Record(), Record()) if (id(writer), id(reader)) not in seen:
            seen.add((id(writer), id(reader)))
            targets = {field.name: field.type for field in reader.fields}
            for name, source in sources(writer, reader).items():
                yield from _changes(source.type, targets[name], f"{wrote}.{source.name}", f"{reads}.{name}", seen)
        case (Primitive() | Fixed(), Primitive() | Fixed()) if _logical(writer) != _logical(reader):
            yield Change(wrote, reads, meaning(writer), meaning(reader))


def meaning(avro: Primitive | Fixed) -> str:
    """The meaning of a type in words, with the digits of a decimal."""
    logical = _logical(avro)
    if logical is None:
        return f"{avro.name if isinstance(avro, Primitive) else 'fixed'} without a logical type"
    return f"decimal({logical.precision},{logical.scale})" if logical.name == "decimal" else logical.name


def _logical(avro: Primitive | Fixed) -> Logical | None:
    return None if isinstance(avro, Primitive) and avro.name == "string" else avro.logical

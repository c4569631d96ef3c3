"""Reads Avro binary from anybody: every length is checked before it is used, every index, every level of nesting.

Source: Avro specification, "Binary Encoding" and "Schema Resolution". A schema is compiled once to functions from
(bytes, offset, state) to (value, offset after it); running off the end of the bytes is an IndexError on the way.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from struct import Struct
from typing import Any

from wavetank.pipeline.avro.defaults import value as default_value
from wavetank.pipeline.avro.limits import DEEPEST, is_empty
from wavetank.pipeline.avro.model import Array, Enum, Fixed, Map, Primitive, Record, Type, Union, title
from wavetank.pipeline.avro.resolution import branch_of, matches, readers_of, sources
from wavetank.pipeline.avro.storable import Range, range_of

MOST_EMPTY_ITEMS = 4096
"""Items of arrays in one record that take no bytes (nulls, empty records): their number is not bounded by the data."""
INT = 2**31
DEPTH, EMPTY = 0, 1

State = list[int]
"""State of one record: the levels entered, and the items without bytes met so far."""
Read = Callable[[bytes, int, State], tuple[Any, int]]


class Malformed(ValueError):
    """The bytes are no record of the schema; the message says what is wrong."""


class TrailingBytes(Malformed):
    """Something is left after the record."""


class DoesNotFit(Malformed):
    """The bytes are a record, but one of its numbers is none that its type has at rest (`pipeline.avro.storable`)."""


def decode(data: bytes, read: Read) -> Any:
    """The value that all of `data` is; raises Malformed."""
    try:
        value, at = read(data, 0, [0, 0])
    except IndexError:
        raise Malformed("ends too early") from None
    except UnicodeDecodeError as error:
        raise Malformed(f"a string that is not UTF-8: {error}") from error
    if at != len(data):
        raise TrailingBytes(f"{len(data) - at} bytes left after the record")
    return value


def reader_of(writer: Type, reader: Type | None = None) -> Read:
    """A function that reads the next value of `writer` as `reader` sees it (by default as it was written).

    It raises Malformed, also where the two do not resolve: for a union, then, only when the branch at fault comes.
    """
    return _Compiler().read(writer, reader or writer)


def reader_of_fields(writer: Record, reader: Record) -> Read:
    """As `reader_of`, of two records whose names need not match: an event's raw and processed form."""
    return _Compiler().record(writer, reader)


def storable_reader_of_fields(writer: Record, reader: Record, exempt: str) -> Read:
    """As `reader_of_fields`, and each number has to be within the range of the reader's type, save the field `exempt`.

    It raises DoesNotFit where one is not. Types without a range cost nothing.
    """
    return _Compiler(within_ranges=True).record(writer, reader, exempt)


def refusing(why: str) -> Read:
    """A function that reads no value at all: it raises Malformed."""

    def read(_data: bytes, _at: int, _state: State) -> tuple[Any, int]:
        raise Malformed(why)

    return read


class _Compiler:
    """Compiles readers once for each pair of types, so that records can contain themselves."""

    def __init__(self, *, within_ranges: bool = False) -> None:
        self._within_ranges = within_ranges
        self._unchecked = _Compiler() if within_ranges else self
        self._records: dict[tuple[int, int], list[Read]] = {}

    def read(self, writer: Type, reader: Type) -> Read:
        if isinstance(writer, Union):
            pairs = zip(writer.branches, readers_of(writer, reader), strict=True)
            return _union([self.read(branch, read) for branch, read in pairs], writer)
        if isinstance(reader, Union):
            branch = branch_of(writer, reader)
            return self.read(writer, branch) if branch is not None else _unresolved(writer, reader)
        if not matches(writer, reader):
            return _unresolved(writer, reader)
        match writer, reader:
            case Primitive(), Primitive():
                return self._within_range(_primitive(writer.name, reader.name), reader)
            case Fixed(), _:
                return self._within_range(_fixed(writer.size), reader)
            case Enum(), Enum():
                return _enum(writer, reader)
            case Array(written), Array(read):
                return _array(self.read(written, read), is_empty(written))
            case Map(written), Map(read):
                return _map(self.read(written, read))
            case Record(), Record():
                return self._nested(writer, reader)
        return _unresolved(writer, reader)

    def _within_range(self, read: Read, reader: Type) -> Read:
        allowed = range_of(reader) if self._within_ranges else None
        if allowed is None:
            return read
        is_number = isinstance(reader, Primitive) and reader.name != "bytes"
        return _number_within(read, allowed) if is_number else _decimal_within(read, allowed)

    def record(self, writer: Record, reader: Record, exempt: str = "") -> Read:
        """Reads the fields of `writer` in their order and gives those of `reader`; `exempt` may have any number."""
        read_from = sources(writer, reader)
        missing = [field for field in reader.fields if field.name not in read_from]
        try:
            defaults = {field.name: default_value(field.default, field.type) for field in missing}
        except ValueError:
            return _unresolved(writer, reader)
        targets: dict[str, list[tuple[str, Type]]] = {}
        for field in reader.fields:
            if field.name in read_from:
                targets.setdefault(read_from[field.name].name, []).append((field.name, field.type))
        steps: list[tuple[str | None, Read]] = []
        for field in writer.fields:
            reads = [
                (name, (self._unchecked if name == exempt else self).read(field.type, read))
                for name, read in targets.get(field.name, ())
            ]
            steps += [(name, _ahead(read)) for name, read in reads[1:]]
            steps += reads[:1] or [(None, self._unchecked.read(field.type, field.type))]
        return _fields(steps, defaults)

    def _nested(self, writer: Record, reader: Record) -> Read:
        key = (id(writer), id(reader))
        if key not in self._records:
            self._records[key] = []
            self._records[key].append(self.record(writer, reader))
        compiled = self._records[key]

        def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
            state[DEPTH] += 1
            if state[DEPTH] > DEEPEST:
                raise Malformed(f"records are nested more than {DEEPEST} deep")
            value = compiled[0](data, at, state)
            state[DEPTH] -= 1
            return value

        return read


def _fields(steps: Sequence[tuple[str | None, Read]], defaults: dict[str, Any]) -> Read:
    plain = [(name, step) for name, step in steps if name is not None]

    def read_all(data: bytes, at: int, state: State) -> tuple[Any, int]:
        values: dict[str, Any] = {}
        for name, step in plain:
            values[name], at = step(data, at, state)
        return values, at

    shared = not any(isinstance(value, dict | list) for value in defaults.values())

    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        values = dict(defaults) if shared else deepcopy(defaults)
        for name, step in steps:
            value, at = step(data, at, state)
            if name is not None:
                values[name] = value
        return values, at

    return read if defaults or len(plain) < len(steps) else read_all


def _ahead(value: Read) -> Read:
    """Reads a value and stays before it: a further field of the reader's is read from the same bytes."""
    return lambda data, at, state: (value(data, at, state)[0], at)


def _long(data: bytes, at: int, _state: State) -> tuple[int, int]:
    """A zig-zag variable-length long of at most 64 bits."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return byte >> 1 ^ -(byte & 1), at
    value = byte & 0x7F
    shift = 7
    while (byte := data[at]) >= 0x80:
        value |= (byte & 0x7F) << shift
        shift += 7
        at += 1
        if shift > 63:
            raise Malformed("a number of more than 64 bits")
    value |= byte << shift
    if value >> 64:
        raise Malformed("a number of more than 64 bits")
    return value >> 1 ^ -(value & 1), at + 1


def _int(data: bytes, at: int, state: State) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte >> 1 ^ -(byte & 1), at + 1
    value, at = _long(data, at, state)
    if not -INT <= value < INT:
        raise Malformed(f"an int of {value}")
    return value, at


def _bytes(data: bytes, at: int, state: State) -> tuple[bytes, int]:
    length, at = _long(data, at, state)
    end = at + length
    if length < 0 or end > len(data):
        raise _too_long(length, data, at)
    return data[at:end], end


def _string(data: bytes, at: int, state: State) -> tuple[str, int]:
    length = data[at]
    if length < 0x80 and not length & 1:
        at += 1
        end = at + (length >> 1)
    else:
        length, at = _long(data, at, state)
        end = at + length
    if end > len(data) or end < at:
        raise _too_long(length, data, at)
    return data[at:end].decode(), end


def _too_long(length: int, data: bytes, at: int) -> Malformed:
    return Malformed(f"a length of {length} where {len(data) - at} bytes are left")


def _null(_data: bytes, at: int, _state: State) -> tuple[None, int]:
    return None, at


def _boolean(data: bytes, at: int, _state: State) -> tuple[bool, int]:
    byte = data[at]
    if byte > 1:
        raise Malformed(f"a boolean of {byte}")
    return byte == 1, at + 1


def _floating(form: str) -> Read:
    unpack, size = Struct(form).unpack_from, Struct(form).size

    def read(data: bytes, at: int, _state: State) -> tuple[float, int]:
        if at + size > len(data):
            raise IndexError
        return unpack(data, at)[0], at + size

    return read


_PRIMITIVES: dict[str, Read] = {
    "null": _null,
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _floating("<f"),
    "double": _floating("<d"),
    "bytes": _bytes,
    "string": _string,
}


def _primitive(written: str, target: str) -> Read:
    if {written, target} == {"bytes", "string"}:
        return _PRIMITIVES[target]
    read = _PRIMITIVES[written]
    if target in ("float", "double") and written in ("int", "long"):

        def promoted(data: bytes, at: int, state: State) -> tuple[float, int]:
            value, at = read(data, at, state)
            return float(value), at

        return promoted
    return read


def _fixed(size: int) -> Read:
    def read(data: bytes, at: int, _state: State) -> tuple[bytes, int]:
        end = at + size
        if end > len(data):
            raise IndexError
        return data[at:end], end

    return read


def _number_within(read: Read, allowed: Range) -> Read:
    low, high, rule = allowed.low, allowed.high, allowed.rule

    def checked(data: bytes, at: int, state: State) -> tuple[int, int]:
        value, at = read(data, at, state)
        if not low <= value <= high:
            raise DoesNotFit(f"{value} {rule}")
        return value, at

    return checked


def _decimal_within(read: Read, allowed: Range) -> Read:
    low, high, rule, sure_bytes = allowed.low, allowed.high, allowed.rule, allowed.sure_bytes

    def checked(data: bytes, at: int, state: State) -> tuple[bytes, int]:
        value, at = read(data, at, state)
        if len(value) > sure_bytes and not low <= int.from_bytes(value, signed=True) <= high:
            raise DoesNotFit(f"a number {rule}")
        return value, at

    return checked


def _enum(writer: Enum, reader: Enum) -> Read:
    readable = frozenset(reader.symbols)
    symbols = [symbol if symbol in readable else reader.default for symbol in writer.symbols]

    def read(data: bytes, at: int, state: State) -> tuple[str, int]:
        index, at = _long(data, at, state)
        if not 0 <= index < len(symbols):
            raise Malformed(f"symbol {index} of an enum of {len(symbols)}")
        symbol = symbols[index]
        if symbol is None:
            raise Malformed(f"the symbol {writer.symbols[index]} is unknown to the reader, which has no default")
        return symbol, at

    return read


def _union(branches: list[Read], writer: Union) -> Read:
    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        index, at = _long(data, at, state)
        if not 0 <= index < len(branches):
            raise Malformed(f"branch {index} of a union of {len(branches)}")
        return branches[index](data, at, state)

    if len(branches) == 2 and writer.branches[0] == Primitive("null") and branches[0] is _null:
        return _optional_string(read) if branches[1] is _string else _optional(branches[1], read)
    return read


def _optional(value: Read, otherwise: Read) -> Read:
    """The union of null and something else, the one that is met most."""

    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        index = data[at]
        if index == 2:
            return value(data, at + 1, state)
        if index == 0:
            return None, at + 1
        return otherwise(data, at, state)

    return read


def _optional_string(otherwise: Read) -> Read:
    """As `_optional`, and a short string is read without another call."""

    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        index = data[at]
        if index == 0:
            return None, at + 1
        if index != 2:
            return otherwise(data, at, state)
        length = data[at + 1]
        end = at + 2 + (length >> 1)
        if length & 0x81 or end > len(data):
            return _string(data, at + 1, state)
        return data[at + 2 : end].decode(), end

    return read


def _array(item: Read, empty: bool) -> Read:
    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        items: list[Any] = []
        while data[at]:
            count, at = _block(data, at, state)
            if not count:
                return items, at
            if empty:
                state[EMPTY] += count
                if state[EMPTY] > MOST_EMPTY_ITEMS:
                    raise Malformed(f"more than {MOST_EMPTY_ITEMS} items without bytes")
            elif count > len(data) - at:
                raise _too_long(count, data, at)
            for _ in range(count):
                value, at = item(data, at, state)
                items.append(value)
        return items, at + 1

    return read


def _map(value: Read) -> Read:
    def read(data: bytes, at: int, state: State) -> tuple[Any, int]:
        entries: dict[str, Any] = {}
        while data[at]:
            count, at = _block(data, at, state)
            if not count:
                return entries, at
            if count > len(data) - at:
                raise _too_long(count, data, at)
            for _ in range(count):
                key, at = _string(data, at, state)
                entries[key], at = value(data, at, state)
        return entries, at + 1

    return read


def _block(data: bytes, at: int, state: State) -> tuple[int, int]:
    """The number of items in a block; a negative one is followed by the size of the block in bytes."""
    count, at = _long(data, at, state)
    if count < 0:
        size, at = _long(data, at, state)
        if not 0 <= size <= len(data) - at:
            raise _too_long(size, data, at)
        return -count, at
    return count, at


def _unresolved(writer: Type, reader: Type) -> Read:
    return refusing(f"what is written as {title(writer)} cannot be read as {title(reader)}")

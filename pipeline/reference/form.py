"""The form of a snapshot: how keys and values are bytes, and what is where.

    MAGIC
    records       by (CRC-32 of the key, key): size (uint32), length of the key (uint16), fields, key, bytes
    dictionaries  the values of columns that have few different ones: length (uint32), bytes; in order of their bytes
    directory     2^bits + 1 positions (uint32) of records: records whose CRC begins with the bits n are between the
                  n-th position and the next one
    head          JSON: version, table, number of rows, bits, positions of the two before, layouts of the columns
    trailer       length of the head, CRC-32 of all that is before these four bytes (uint32 both)

Numbers are little-endian. A field is the number of the value in the column's dictionary, or the value itself where it
has a fixed width, or the length of its bytes, which follow the key. That depends on the set of rows alone, and so do
all bytes.
"""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact
from enum import StrEnum
from typing import Any

from wavetank.pipeline.reference.table import Column, ColumnType, Key, KeyValue, Kind, Table, Value

MAGIC = b"wtsnap1\n"
VERSION = 1
RECORD = "<IH"
"""The format in which a record begins: its size, these bytes included, and the length of its key; then its fields."""
KEY_LENGTH = struct.Struct("<H")
LENGTH = struct.Struct("<I")
NULL_LENGTH = 0xFFFF_FFFF
"""In the place of a length: NULL."""
HASH_BITS = 32
MOST_BYTES = 0xFFFF_FFFF
"""Of the records of a snapshot: positions are 32 bits."""

SHORT_DIGITS = 18
"""Digits of a decimal that 64 bits hold; those of more are 128 bits."""
LONG, INT, DOUBLE = struct.Struct("<q"), struct.Struct("<i"), struct.Struct("<d")
WIDE_BYTES = 16
EXACT = Context(prec=1_000, traps=[Inexact])
MISFITS = (TypeError, ValueError, AttributeError, ArithmeticError, struct.error)
"""Raised by an encoder for a value that is none of its type."""

Encode = Callable[[Any], bytes]


class Layout(StrEnum):
    """The ways in which a column's values are in the fields of a record."""

    KEY = "key"
    DICTIONARY = "dictionary"
    FIXED = "fixed"
    VARIABLE = "variable"


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """A column's layout. values: of its dictionary, how many. nulls: whether a fixed one has a byte that says so."""

    layout: Layout
    values: int = 0
    nulls: bool = False

    def format(self, kind: ColumnType) -> str:
        """The column's part in the format of a record's fields, as `struct` has it."""
        match self.layout:
            case Layout.KEY:
                return ""
            case Layout.DICTIONARY:
                return "B" if self.values <= 256 else "H"
            case Layout.VARIABLE:
                return "I"
        return ("?" if self.nulls else "") + fixed_format(kind)


def fixed_format(kind: ColumnType) -> str:
    """The format of a type of fixed width, empty for any other."""
    match kind.kind:
        case Kind.INT | Kind.TIMESTAMP:
            return "q"
        case Kind.DECIMAL:
            return "q" if kind.precision <= SHORT_DIGITS else ""
        case Kind.DATE:
            return "i"
        case Kind.FLOAT:
            return "d"
        case Kind.BOOLEAN:
            return "?"
    return ""


def encoder(kind: ColumnType) -> Encode:
    """Values of a type → their bytes, equal ones for equal values; raises one of MISFITS for any other value."""
    match kind.kind:
        case Kind.STRING:
            return str.encode
        case Kind.INT | Kind.TIMESTAMP:
            return lambda value: LONG.pack(_of(int, value))
        case Kind.DATE:
            return lambda value: INT.pack(_of(int, value))
        case Kind.FLOAT:
            return lambda value: DOUBLE.pack(_of(float, value))
        case Kind.BOOLEAN:
            return lambda value: b"\1" if _of(bool, value) else b"\0"
        case Kind.BYTES:
            return lambda value: _of(bytes, value)
    scale, most = kind.scale, 10**kind.precision
    width = LONG.size if kind.precision <= SHORT_DIGITS else WIDE_BYTES
    return lambda value: _unscaled(value, scale, most).to_bytes(width, "little", signed=True)


def decoder(kind: ColumnType) -> Callable[[bytes], Value]:
    """The bytes that `encoder` makes → the value."""
    match kind.kind:
        case Kind.STRING:
            return bytes.decode
        case Kind.BYTES:
            return bytes
        case Kind.DECIMAL:
            scaled = from_unscaled(kind)
            return lambda data: scaled(int.from_bytes(data, "little", signed=True))
    unpack = struct.Struct("<" + fixed_format(kind)).unpack

    def decode(data: bytes) -> Value:
        value: Value = unpack(data)[0]
        return value

    return decode


def from_unscaled(kind: ColumnType) -> Callable[[int], Decimal]:
    """A decimal as a number of its last digits → the decimal, with all digits of the type's scale."""
    exponent = -kind.scale
    return lambda number: EXACT.scaleb(number, exponent)


def length_of(data: bytes | None) -> bytes:
    """The length of bytes, or that there are none, before them."""
    return LENGTH.pack(NULL_LENGTH if data is None else len(data))


def joined(columns: Sequence[Sequence[Any]]) -> list[bytes]:
    """The keys whose columns, as bytes, these are: each with its length before it."""
    pack = KEY_LENGTH.pack
    return [b"".join([pack(len(part)) + part for part in parts]) for parts in zip(*columns, strict=True)]


def key_encoder(table: Table) -> Callable[[Key], bytes]:
    """Keys of a table → their bytes; raises one of MISFITS for what is none."""
    encoders = [encoder(table.type_of(name)) for name in table.key]
    if len(encoders) > 1:
        return lambda key: joined([[encode(value)] for encode, value in zip(encoders, key, strict=True)])[0]
    encode = encoders[0]

    def of_one(key: Key) -> bytes:
        (value,) = key
        return encode(value)

    return of_one


def key_decoder(table: Table) -> Callable[[bytes], Key]:
    """The bytes that `key_encoder` makes → the keys."""
    decoders: Sequence[Callable[[bytes], Any]] = [decoder(table.type_of(name)) for name in table.key]

    def decode(data: bytes) -> Key:
        if len(decoders) == 1:
            return (decoders[0](data),)
        values: list[KeyValue] = []
        at = 0
        for each in decoders:
            start = at + KEY_LENGTH.size
            at = start + KEY_LENGTH.unpack_from(data, at)[0]
            values.append(each(data[start:at]))
        return tuple(values)

    return decode


def values_of(table: Table) -> tuple[Column, ...]:
    """The columns that are not the key's, whose values are in the fields of a record."""
    return tuple(column for column in table.columns if column.name not in table.key)


def _of[T](kind: type[T], value: Any) -> T:
    """A value of exactly this type: True is no number."""
    if type(value) is not kind:
        raise TypeError(f"a {type(value).__name__}")
    return value


def _unscaled(value: Any, scale: int, most: int) -> int:
    """A decimal as a number of its last digits. Raises ValueError where it has more digits than its type."""
    if not isinstance(value, Decimal):
        raise TypeError(f"a {type(value).__name__}")
    if not value:
        return 0
    if not value.is_finite() or value.adjusted() + scale > WIDE_BYTES * 3:
        raise ValueError("out of bounds")
    number = int(scaled := EXACT.scaleb(value, scale))
    if number != scaled or abs(number) >= most:
        raise ValueError("out of bounds")
    return number

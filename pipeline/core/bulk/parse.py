"""Reads many Avro records at once, field by field instead of record by record: what is checked is the same.

Source: Avro specification, "Binary Encoding". A batch of bodies of one schema is parsed to arrays that say where every
value is; nothing is copied until somebody asks for it. A batch in which anything is wrong, or of a shape that does not
pay, is refused as a whole (`NotBulkParsable`): `pipeline.core.decode` then reads its records one by one and says which
and why.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np

from wavetank.pipeline.avro import limits
from wavetank.pipeline.avro.binary import MOST_EMPTY_ITEMS
from wavetank.pipeline.avro.limits import DEEPEST
from wavetank.pipeline.avro.model import Array, Enum, Fixed, Map, Primitive, Record, Type, Union
from wavetank.pipeline.core.bulk.values import (
    PADDING,
    Bodies,
    Bytes,
    Choice,
    Entries,
    Fields,
    Ints,
    Items,
    NotBulkParsable,
    Nothing,
    Numbers,
    Parsed,
    Slices,
    longs,
    words,
)

MOST_ITEMS = 64
"""Items of an array or map in one record; each further one costs a look at the whole batch."""
INT = 2**31


@dataclass(slots=True)
class _Reading:
    """The bytes under way, and all text that was met in them.

    `ahead`: only where values end is looked for. Items are then passed over once, not twice for each level of arrays
    and maps that they are in.
    """

    data: Bytes
    exhaustive: bool = False
    ahead: bool = False
    text: list[Slices] = field(default_factory=list)
    depth: int = 0

    @property
    def size(self) -> int:
        return len(self.data) - PADDING

    def within(self, at: Ints) -> Ints:
        """`at`, none of it beyond the data; what is read before this is asked starts within."""
        if at.size and (int(at.max()) > self.size or int(at.min()) < 0):
            raise NotBulkParsable("ends too early")
        return at


Parse = Callable[[_Reading, Ints], tuple[Parsed, Ints]]
"""Parses one value at each position; gives the values, and the positions after them."""


def parse(bodies: Bodies, schema: Record, *, exhaustive: bool = False) -> Fields:
    """The values of all `bodies`; raises NotBulkParsable where that is not for this module to say.

    `exhaustive`: also where a shape does not pay. A key that is twice in a map, as in none of ours, is then not looked
    for.
    """
    reading = _Reading(bodies.data, exhaustive)
    try:
        fields, after = _parser(schema)(reading, reading.within(bodies.starts))
    except (IndexError, OverflowError) as error:
        raise NotBulkParsable("ends too early") from error
    if not np.array_equal(after, bodies.ends):
        raise NotBulkParsable("some record is shorter or longer than its bytes")
    _check_text(reading)
    if not isinstance(fields, Fields):
        raise TypeError(f"a record was parsed to {type(fields).__name__}")
    return fields


def slices_of(data: Bytes, slices: Slices) -> list[bytes]:
    """The bytes of each slice."""
    whole = data.tobytes()
    ends = (slices.starts + slices.sizes).tolist()
    return [whole[start:end] for start, end in zip(slices.starts.tolist(), ends, strict=True)]


def _check_text(reading: _Reading) -> None:
    """Check that all text is UTF-8: joined it is where each text is, as long as none begins within a character."""
    starts = np.concatenate([text.starts[text.sizes > 0] for text in reading.text] or [np.empty(0, np.int64)])
    ends = np.concatenate([(text.starts + text.sizes)[text.sizes > 0] for text in reading.text] or [starts])
    if (reading.data[starts] & 0xC0 == 0x80).any():
        raise NotBulkParsable("a string begins within a character")
    change = np.zeros(len(reading.data), np.int8)
    change[starts] = 1
    change[ends] = -1
    inside = np.cumsum(change, dtype=np.int8).view(bool)
    try:
        reading.data[inside].tobytes().decode()
    except UnicodeDecodeError as error:
        raise NotBulkParsable("a string that is not UTF-8") from error


@lru_cache(256)
def _parser(schema: Type) -> Parse:
    if limits.problem(schema):
        raise NotBulkParsable("no record can be written with the schema")
    return _Compiler().parser(schema)


class _Compiler:
    """Makes the parser of a type; a record that contains itself has one parser, which calls itself."""

    def __init__(self) -> None:
        self._records: dict[int, Parse] = {}

    def parser(self, avro: Type) -> Parse:
        match avro:
            case Primitive(name):
                return _PRIMITIVES[name]
            case Enum():
                return _enum(len(avro.symbols))
            case Fixed(_, _, size):
                return lambda reading, at: (Slices(at, np.full(len(at), size, np.int64)), reading.within(at + size))
            case Union():
                return _union([self.parser(branch) for branch in avro.branches])
            case Array(items):
                return _array(self.parser(items), limits.is_empty(items))
            case Map(values):
                return _map(self.parser(values))
            case Record():
                return self._record(avro)

    def _record(self, avro: Record) -> Parse:
        key = id(avro)
        if key not in self._records:
            made: list[tuple[str, Parse]] = []
            self._records[key] = _record(made)
            made += [(field.name, self.parser(field.type)) for field in avro.fields]
        return self._records[key]


def _record(fields: list[tuple[str, Parse]]) -> Parse:
    def parse_record(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        reading.depth += 1
        if reading.depth > DEEPEST:
            raise NotBulkParsable(f"records are nested more than {DEEPEST} deep")
        values: dict[str, Parsed] = {}
        for name, parse_field in fields if at.size else ():
            values[name], at = parse_field(reading, at)
        reading.depth -= 1
        return Fields(values), at

    return parse_record


def _boolean(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
    values = reading.data[at]
    if (values > 1).any():
        raise NotBulkParsable("a boolean is 0 or 1")
    return Numbers(values), reading.within(at + 1)


def _long(reading: _Reading, at: Ints) -> tuple[Numbers, Ints]:
    values, after = longs(reading.data, at)
    return Numbers(values), reading.within(after)


def _int(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
    values, after = longs(reading.data, at)
    if ((values < -INT) | (values >= INT)).any():
        raise NotBulkParsable("an int has 32 bits")
    return Numbers(values.astype(np.int32)), reading.within(after)


def _floating(unsigned: type[np.unsignedinteger[Any]], number: type[np.floating[Any]]) -> Parse:
    size = np.dtype(number).itemsize

    def parse_floating(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        return Numbers(words(reading.data)[at].astype(unsigned, copy=False).view(number)), reading.within(at + size)

    return parse_floating


def _bytes(reading: _Reading, at: Ints) -> tuple[Slices, Ints]:
    sizes, starts = longs(reading.data, at)
    if (sizes < 0).any() or (sizes > reading.size).any():
        raise NotBulkParsable("a length that is not there")
    return Slices(starts, sizes), reading.within(starts + sizes)


def _string(reading: _Reading, at: Ints) -> tuple[Slices, Ints]:
    slices, after = _bytes(reading, at)
    reading.text.append(slices)
    return slices, after


_PRIMITIVES: dict[str, Parse] = {
    "null": lambda _reading, at: (Nothing(len(at)), at),
    "boolean": _boolean,
    "int": _int,
    "long": _long,
    "float": _floating(np.uint32, np.float32),
    "double": _floating(np.uint64, np.float64),
    "bytes": _bytes,
    "string": _string,
}


def _enum(count: int) -> Parse:
    def parse_enum(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        symbols, after = _long(reading, at)
        if ((symbols.values < 0) | (symbols.values >= count)).any():
            raise NotBulkParsable("an index that is not there")
        return symbols, after

    return parse_enum


def _union(branches: list[Parse]) -> Parse:
    def parse_union(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        chosen, at = longs(reading.data, at)
        if ((chosen < 0) | (chosen >= len(branches))).any():
            raise NotBulkParsable("a branch that is not there")
        after = reading.within(at).copy()
        values: list[Parsed] = []
        for number, parse_branch in enumerate(branches):
            here = np.flatnonzero(chosen == number)
            parsed, after[here] = parse_branch(reading, at[here])
            values.append(parsed)
        return Choice(chosen, tuple(values)), after

    return parse_union


def _array(item: Parse, empty: bool) -> Parse:
    def parse_array(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        if empty and not reading.exhaustive:
            raise NotBulkParsable("items without bytes are counted one by one")
        counts, positions, after = _blocks(reading, at, item, empty)
        return Items(counts, Nothing(0) if reading.ahead else item(reading, positions)[0]), after

    return parse_array


def _map(value: Parse) -> Parse:
    def entry(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        return value(reading, _string(reading, at)[1])

    def parse_map(reading: _Reading, at: Ints) -> tuple[Parsed, Ints]:
        counts, positions, after = _blocks(reading, at, entry)
        if reading.ahead:
            return Items(counts, Nothing(0)), after
        keys, at_values = _string(reading, positions)
        if not reading.exhaustive:
            _check_keys(reading.data, keys, np.repeat(np.arange(len(counts)), counts))
        return Entries(counts, keys, value(reading, at_values)[0]), after

    return parse_map


def _blocks(reading: _Reading, at: Ints, item: Parse, empty: bool = False) -> tuple[Ints, Ints, Ints]:
    """For arrays or maps at `at`: the number of items of each, where each item starts, and where the whole ends.

    `empty`: items may have no bytes, so that these do not bound their number. Items are found in step, the first of
    each, then the second of each; they are in the order of their positions.
    """
    ahead = _Reading(reading.data, reading.exhaustive, ahead=True, depth=reading.depth)
    after, owner = at.copy(), np.arange(len(at))
    counts, remaining = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
    positions: list[Ints] = []
    for step in count():
        if step > MOST_ITEMS and not reading.exhaustive:
            raise NotBulkParsable(f"more than {MOST_ITEMS} items")
        fresh = owner[remaining[owner] == 0]
        remaining[fresh], after[fresh] = _block(ahead, after[fresh], MOST_EMPTY_ITEMS if empty else reading.size)
        owner = owner[remaining[owner] > 0]
        if not owner.size:
            return counts, np.sort(np.concatenate(positions)) if positions else np.empty(0, np.int64), after
        positions.append(after[owner])
        after[owner] = item(ahead, after[owner])[1]
        counts[owner] += 1
        remaining[owner] -= 1
    raise AssertionError("unreachable: counting does not end")


def _block(reading: _Reading, at: Ints, most: int) -> tuple[Ints, Ints]:
    """The number of items in the block at each position, at `most`; a negative one is followed by its size in bytes."""
    counts, after = longs(reading.data, at)
    reading.within(after)
    sized = np.flatnonzero(counts < 0)
    if sized.size:
        sizes, after[sized] = longs(reading.data, after[sized])
        if (sizes < 0).any() or (sizes > reading.size - after[sized]).any():
            raise NotBulkParsable("a block that is longer than what is there")
        counts[sized] = -counts[sized]
    if (counts < 0).any() or (counts > most).any():
        raise NotBulkParsable("more items than there can be")
    return counts, after


def _check_keys(data: Bytes, keys: Slices, owner: Ints) -> None:
    """Refuse maps with a key twice, as far as length, beginning and end tell: single records are read more closely."""
    if len(np.unique(owner)) == len(owner):
        return
    looked = words(data)
    mask = np.where(keys.sizes >= 8, -1, (1 << (8 * np.minimum(keys.sizes, 7))) - 1).view(np.uint64)
    sign = (looked[keys.starts] & mask) * np.uint64(0x9E3779B97F4A7C15)
    last = np.maximum(keys.starts + keys.sizes - 8, keys.starts)
    sign = (sign ^ (looked[last] & mask)) * np.uint64(0xC2B2AE3D27D4EB4F)
    sign = (sign ^ (keys.sizes.view(np.uint64) << np.uint64(32)) ^ owner.view(np.uint64)) * np.uint64(
        0x165667B19E3779F9
    )
    if len(np.unique(sign)) < len(sign):
        raise NotBulkParsable("a map may have a key twice")

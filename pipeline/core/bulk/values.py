"""Avro bodies by the batch, where the values in them are, and their numbers of variable length.

Source: Avro specification, "Binary Encoding" (int and long: zig-zag, least significant group first). Positions are
int64 arrays into one array of bytes that has `PADDING` spare bytes at its end, so that a number may be looked at whole
wherever it starts.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

PADDING = 16
"""Spare bytes behind the data."""
MOST_BYTES = 10
"""Bytes of a number of 64 bits."""
WIDE = 16
"""Bytes of a number of 128 bits."""

_ONE = np.uint64(1)
_CONTINUED = np.uint64(0x8080808080808080)
_GROUPS = np.uint64(0x7F7F7F7F7F7F7F7F)


class NotBulkParsable(ValueError):
    """A record of the batch is malformed, or of a shape that is not read in bulk: look at each by itself."""


def padded(data: bytes | bytearray | memoryview) -> Bytes:
    """A copy of `data` as an array with the spare bytes behind it."""
    array = np.zeros(len(data) + PADDING, np.uint8)
    array[: len(data)] = np.frombuffer(data, np.uint8)
    return array


def words(data: Bytes) -> NDArray[np.uint64]:
    """The eight bytes from each position on, as little-endian numbers; a view, not a copy."""
    if sys.byteorder != "little":
        raise NotBulkParsable("numbers are looked at in the machine's own order of bytes, which is not Avro's")
    return np.ndarray((len(data) - 7,), np.uint64, buffer=data, strides=(1,))


@dataclass(frozen=True, slots=True)
class Bodies:
    """Avro bodies of one schema in one array of bytes: body i is `data[starts[i]:ends[i]]`."""

    data: Bytes
    starts: Ints
    ends: Ints

    @classmethod
    def of(cls, bodies: Sequence[bytes]) -> "Bodies":
        """The batch of `bodies`, back to back."""
        ends = np.cumsum([0, *map(len, bodies)], dtype=np.int64)
        return cls(padded(b"".join(bodies)), ends[:-1], ends[1:])

    def __len__(self) -> int:
        return len(self.starts)

    def body(self, index: int) -> bytes:
        """The body at `index`."""
        return self.data[self.starts[index] : self.ends[index]].tobytes()

    def all(self) -> list[bytes]:
        """All bodies."""
        data = self.data.tobytes()
        return [data[start:end] for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True)]

    def range(self, first: int, end: int) -> "Bodies":
        """The bodies from `first` to before `end`, which lie back to back; with a copy of their bytes alone."""
        if first >= end:
            return Bodies.of([])
        start, stop = int(self.starts[first]), int(self.ends[end - 1])
        data = padded(self.data[start:stop].data)
        return Bodies(data, self.starts[first:end] - start, self.ends[first:end] - start)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values as Avro has them on the wire: a number, a boolean as 0 or 1, an enum's symbol as its index."""

    values: NDArray[np.number[Any]]


@dataclass(frozen=True, slots=True)
class Slices:
    """Values of bytes: where each starts, and how many bytes it has. The starts ascend."""

    starts: Ints
    sizes: Ints


@dataclass(frozen=True, slots=True)
class Nothing:
    """A column of `count` nulls."""

    count: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A union: which branch each has, and of each branch the values of those that have it."""

    branch: Ints
    branches: "tuple[Parsed, ...]"


@dataclass(frozen=True, slots=True)
class Items:
    """Arrays: how many items each has, and all items one after another."""

    counts: Ints
    items: "Parsed"


@dataclass(frozen=True, slots=True)
class Entries:
    """Maps: how many entries each has, and all keys and values one after another."""

    counts: Ints
    keys: Slices
    values: "Parsed"


@dataclass(frozen=True, slots=True)
class Fields:
    """Records: the values of each field, by its name."""

    fields: "dict[str, Parsed]"


Parsed = Numbers | Slices | Nothing | Choice | Items | Entries | Fields


def longs(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """The numbers that start at `at`, and where the bytes after them are; raises NotBulkParsable above 64 bits."""
    first = data[at]
    if not (first & 0x80).any():
        return _unzigzag(first.astype(np.uint64)), at + 1
    word = words(data)[at]
    stops = ~word & _CONTINUED
    if not stops.all():
        return _longer(data, at)
    lowest = stops & (~stops + _ONE)
    groups = word & (lowest | (lowest - _ONE)) & _GROUPS
    size = np.bitwise_count(lowest - _ONE).astype(np.int64) // 8 + 1
    # Eight groups of seven bits, each in a byte, become one number of 56 bits.
    pairs = (groups & np.uint64(0x007F007F007F007F)) | ((groups & np.uint64(0x7F007F007F007F00)) >> _ONE)
    fours = (pairs & np.uint64(0x00003FFF00003FFF)) | ((pairs & np.uint64(0x3FFF00003FFF0000)) >> np.uint64(2))
    whole = (fours & np.uint64(0x000000000FFFFFFF)) | ((fours & np.uint64(0x0FFFFFFF00000000)) >> np.uint64(4))
    return _unzigzag(whole), at + size


def wide_integers(data: Bytes, slices: Slices) -> NDArray[np.uint64]:
    """Big-endian two's complement numbers as 128 bits each: their lower and their higher half, an array of (n, 2).

    Raises OverflowError where one has more. A slice of no bytes is 0.
    """
    starts, sizes = slices.starts, slices.sizes
    if not sizes.size or int(sizes.max()) <= 8:
        leading = words(data)[starts].byteswap().view(np.int64)
        low = np.where(sizes > 0, leading >> np.minimum(64 - 8 * sizes, 63), 0)
        return np.stack([low, low >> 63], axis=1).view(np.uint64)
    from_end = np.arange(WIDE)
    there = from_end < sizes[:, None]
    negative = (sizes > 0) & (data[starts] >= 0x80)
    found = data[np.where(there, (starts + sizes)[:, None] - 1 - from_end, 0)]
    wide = np.ascontiguousarray(np.where(there, found, np.where(negative, 0xFF, 0)[:, None]).astype(np.uint8))
    for at in np.flatnonzero(sizes > WIDE).tolist():
        start = int(starts[at])
        number = int.from_bytes(data[start : start + int(sizes[at])].tobytes(), signed=True)
        wide[at] = np.frombuffer(number.to_bytes(WIDE, "little", signed=True), np.uint8)
    return wide.view("<u8")


def _longer(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """As `longs`, group by group: some of the numbers have nine or ten."""
    value = np.zeros(len(at), np.uint64)
    going = np.ones(len(at), bool)
    after = at.copy()
    for group in range(MOST_BYTES):
        byte = np.where(going, data[after], 0).astype(np.uint64)
        if group == MOST_BYTES - 1 and (byte > 1).any():
            raise NotBulkParsable("a number of more than 64 bits")
        value |= (byte & np.uint64(0x7F)) << np.uint64(7 * group)
        after += going
        going &= byte >= 0x80
        if not going.any():
            break
    return _unzigzag(value), after


def _unzigzag(value: NDArray[np.uint64]) -> Ints:
    return ((value >> _ONE) ^ (~(value & _ONE) + _ONE)).view(np.int64)

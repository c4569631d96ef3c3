"""Avro's variable-length numbers, of many records at once.

Source: Avro specification, "Binary Encoding" (int and long: zig-zag, least significant group first). Positions are
int64 arrays into one array of bytes that has `PADDING` spare bytes at its end, so that a number may be looked at whole
wherever it starts.
"""

import sys

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

PADDING = 16
"""Spare bytes behind the data."""
MOST_BYTES = 10
"""Of a number of 64 bits."""

_ONE = np.uint64(1)
_CONTINUED = np.uint64(0x8080808080808080)
_GROUPS = np.uint64(0x7F7F7F7F7F7F7F7F)


class Unsound(ValueError):
    """Some record of the batch is malformed, or of a shape that is not read in bulk: look at each by itself."""


def padded(data: bytes | bytearray | memoryview) -> Bytes:
    """A copy of `data` as an array with the spare bytes behind it."""
    array = np.zeros(len(data) + PADDING, np.uint8)
    array[: len(data)] = np.frombuffer(data, np.uint8)
    return array


def words(data: Bytes) -> NDArray[np.uint64]:
    """The eight bytes from each position on, as little-endian numbers; a view, not a copy."""
    if sys.byteorder != "little":
        raise Unsound("numbers are looked at in the machine's own order of bytes, which is not Avro's")
    return np.ndarray((len(data) - 7,), np.uint64, buffer=data, strides=(1,))


def longs(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """The numbers that start at `at`, and where the bytes after them are; raises Unsound above 64 bits."""
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
    return _unzigzag(_joined(groups)), at + size


def _joined(groups: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Eight groups of seven bits, each in a byte, as one number of 56 bits."""
    pairs = (groups & np.uint64(0x007F007F007F007F)) | ((groups & np.uint64(0x7F007F007F007F00)) >> _ONE)
    fours = (pairs & np.uint64(0x00003FFF00003FFF)) | ((pairs & np.uint64(0x3FFF00003FFF0000)) >> np.uint64(2))
    return (fours & np.uint64(0x000000000FFFFFFF)) | ((fours & np.uint64(0x0FFFFFFF00000000)) >> np.uint64(4))


def _longer(data: Bytes, at: Ints) -> tuple[Ints, Ints]:
    """As `longs`, group by group: some of the numbers have nine or ten."""
    value = np.zeros(len(at), np.uint64)
    going = np.ones(len(at), bool)
    after = at.copy()
    for group in range(MOST_BYTES):
        byte = np.where(going, data[after], 0).astype(np.uint64)
        if group == MOST_BYTES - 1 and (byte > 1).any():
            raise Unsound("a number of more than 64 bits")
        value |= (byte & np.uint64(0x7F)) << np.uint64(7 * group)
        after += going
        going &= byte >= 0x80
        if not going.any():
            break
    return _unzigzag(value), after


def _unzigzag(value: NDArray[np.uint64]) -> Ints:
    return ((value >> _ONE) ^ (~(value & _ONE) + _ONE)).view(np.int64)

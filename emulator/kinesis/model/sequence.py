"""Sequence numbers: 186-bit integers that grow along a shard and from a parent to its children.

Bits, from the top:  2 version mark | 36 epoch | 64 index | 48 zero | 32 shard number | 4 version.

The *epoch* is the second of the reshard that opened the shard, forced to grow from each founding or reshard of any
stream to the next: a stream that is deleted and made again shares no number with the one before. The *index* counts
the records ever put on the shard; index 0 is the shard's start and names no record. A sequence number is thereby a
pure function of its place: no record has to store one.
"""

from dataclasses import dataclass

LAST_INDEX = (1 << 63) - 1
_MARK = 2 << 184
LATEST_EPOCH = (1 << 36) - (1 << 24)
"""A second of the year 4146. Epochs of later reshards follow one on another, for which there is room."""
LAST_EPOCH = (1 << 36) - (1 << 16)
"""The last epoch that an imported state may have; the stream can be resharded still."""
_EPOCH_SHIFT = 148
_INDEX_SHIFT = 84
_SHARD_SHIFT = 4
_VERSION = 2
_EPOCH_MASK = (1 << 36) - 1
_INDEX_MASK = (1 << 64) - 1
_SHARD_MASK = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Place:
    """The place that a sequence number names: the shard's epoch and number, and the index in the shard."""

    epoch: int
    index: int
    shard: int


def number(epoch: int, index: int, shard: int) -> int:
    """The sequence number of a place; 56 decimal digits."""
    return _MARK | epoch << _EPOCH_SHIFT | index << _INDEX_SHIFT | shard << _SHARD_SHIFT | _VERSION


def base(epoch: int, shard: int) -> int:
    """The number of index 0; add `index * STEP` for the others."""
    return number(epoch, 0, shard)


STEP = 1 << _INDEX_SHIFT


def parse(text: str) -> Place | None:
    """The place that `text` names, or None when it is not a sequence number that this format can produce."""
    if not text.isascii() or not text.isdigit() or len(text) > 60:
        return None
    value = int(text)
    place = Place(
        value >> _EPOCH_SHIFT & _EPOCH_MASK,
        value >> _INDEX_SHIFT & _INDEX_MASK,
        value >> _SHARD_SHIFT & _SHARD_MASK,
    )
    return place if number(place.epoch, place.index, place.shard) == value else None

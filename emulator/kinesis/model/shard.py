"""A shard: a range of hash keys, a place in the family of shards, and the records put there."""

import re
from dataclasses import dataclass, field
from itertools import pairwise

from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.limits import ShardThroughput
from wavetank.emulator.kinesis.model.log import RecordLog

HASH_KEYS = 1 << 128
_SHARD_ID = re.compile(r"(?:shardId-)?(\d{1,12})")


def shard_id(number: int) -> str:
    """The name of a stream's n-th shard, counted from 0."""
    return f"shardId-{number:012d}"


def shard_number(name: str) -> int | None:
    """The number in a shard's name; None when it is not such a name. AWS takes the bare number too."""
    match = _SHARD_ID.fullmatch(name)
    return int(match[1]) if match else None


@dataclass(slots=True)
class Shard:
    """One shard. It is open until `closed_ms` is set; a closed one takes no records and has children."""

    number: int
    epoch: int
    first_hash: int
    last_hash: int
    opened_ms: int
    parents: tuple[int, ...] = ()
    children: tuple[int, ...] = ()
    closed_ms: int | None = None
    log: RecordLog = field(default_factory=RecordLog)
    throughput: ShardThroughput = field(default_factory=ShardThroughput)
    base: int = field(init=False)
    name: str = field(init=False)
    """`shardId-` and twelve digits."""

    def __post_init__(self) -> None:
        self.base = sequence.base(self.epoch, self.number)
        self.name = shard_id(self.number)

    @property
    def is_open(self) -> bool:
        """Whether it takes records."""
        return self.closed_ms is None

    def sequence_number(self, index: int) -> str:
        """The sequence number of the record at `index`."""
        return str(self.base + index * sequence.STEP)

    @property
    def starting_sequence_number(self) -> str:
        """Smaller than that of every record of the shard."""
        return str(self.base)

    @property
    def ending_sequence_number(self) -> str | None:
        """Greater than that of every record of the shard and smaller than its children's; None while it is open."""
        return None if self.is_open else self.sequence_number(sequence.LAST_INDEX)

    def was_open_at(self, time_ms: int) -> bool:
        """Whether it took records at a moment of the past."""
        return self.opened_ms <= time_ms and self.was_open_since(time_ms)

    def was_open_since(self, time_ms: int) -> bool:
        """Whether it took records at any time from `time_ms` on."""
        return self.closed_ms is None or self.closed_ms >= time_ms


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The whole space of hash keys cut into `count` equal ranges, both ends included."""
    edges = [HASH_KEYS * number // count for number in range(count + 1)]
    return [(first, after - 1) for first, after in pairwise(edges)]

"""The shards of a stream: each a range of hash keys with its records, and what splits and merges make of them.

Rules from the Developer Guide, "Reshard a stream": a split shard has two children, two merged shards have one,
and a shard's sequence numbers are all greater than its parents'.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound
from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.generations import MonotonicCounter
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
    """A shard: open until `closed_ms` is set; a closed one takes no records and has children."""

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
        """Whether the shard takes records."""
        return self.closed_ms is None

    def sequence_number(self, index: int) -> str:
        """The sequence number of the record at `index`."""
        return str(self.base + index * sequence.STEP)

    @property
    def starting_sequence_number(self) -> str:
        """A number smaller than that of every record of the shard."""
        return str(self.base)

    @property
    def ending_sequence_number(self) -> str | None:
        """A number greater than that of every record and smaller than those of the children; None while it is open."""
        return None if self.is_open else self.sequence_number(sequence.LAST_INDEX)

    def was_open_at(self, time_ms: int) -> bool:
        """Whether the shard took records at a moment of the past."""
        return self.opened_ms <= time_ms and self.was_open_since(time_ms)

    def was_open_since(self, time_ms: int) -> bool:
        """Whether the shard took records at any time from `time_ms` on."""
        return self.closed_ms is None or self.closed_ms >= time_ms


def even_ranges(count: int) -> list[tuple[int, int]]:
    """The whole space of hash keys cut into `count` equal ranges, both ends included."""
    edges = [HASH_KEYS * number // count for number in range(count + 1)]
    return [(first, after - 1) for first, after in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """The identity of a stream: two of one name differ in `created_ms`."""

    account: str
    region: str
    name: str
    arn: str
    created_ms: int

    @property
    def in_words(self) -> str:
        """The stream as error messages name it."""
        return f"stream {self.name} under account {self.account}"


class ShardSet:
    """Every shard that retention has not removed, in the order they were opened.

    `opened` counts the shards ever opened; `epoch` is the epoch of the last reshard, see
    `emulator.kinesis.model.sequence`. Epochs come from `epochs`: streams that share one never have an epoch, and so a
    sequence number, in common.
    """

    def __init__(self, who: StreamIdentity, epochs: MonotonicCounter | None = None) -> None:
        self._who = who
        self._epochs = epochs or MonotonicCounter()
        self._shards: dict[int, Shard] = {}
        self._open: list[Shard] = []
        self._open_starts: list[int] = []
        self.opened = 0
        self.epoch = 0

    @classmethod
    def founded(cls, who: StreamIdentity, count: int, epochs: MonotonicCounter | None = None) -> "ShardSet":
        """The shards of a new stream: `count` of equal ranges."""
        shards = cls(who, epochs)
        shards._begin_epoch(who.created_ms)
        for first, last in even_ranges(count):
            shards._open_shard(first, last, (), who.created_ms)
        shards._index()
        return shards

    @classmethod
    def restored(
        cls,
        who: StreamIdentity,
        shards: Iterable[Shard],
        *,
        opened: int,
        epoch: int,
        epochs: MonotonicCounter | None = None,
    ) -> "ShardSet":
        """The shards of an imported stream, as they were."""
        shard_set = cls(who, epochs)
        shard_set._epochs.rise_to(epoch)
        shard_set._shards = {shard.number: shard for shard in shards}
        shard_set.opened, shard_set.epoch = opened, epoch
        shard_set._index()
        return shard_set

    def __iter__(self) -> Iterator[Shard]:
        return iter(self._shards.values())

    def __contains__(self, number: int) -> bool:
        return number in self._shards

    @property
    def open(self) -> Sequence[Shard]:
        """The shards that take records, by hash key."""
        return self._open

    def holding(self, hash_key: int) -> Shard:
        """The open shard whose range holds a hash key."""
        return self._open[bisect_right(self._open_starts, hash_key) - 1]

    def named(self, name: str) -> Shard:
        """The shard called `name`; raises ResourceNotFound."""
        number = shard_number(name)
        if number is None:
            raise ResourceNotFound(f"Could not find shard {name} in {self._who.in_words}.")
        return self.at(number)

    def at(self, number: int) -> Shard:
        """The n-th shard; raises ResourceNotFound when there is none or retention has removed it."""
        try:
            return self._shards[number]
        except KeyError:
            raise ResourceNotFound(f"Shard {shard_id(number)} in {self._who.in_words} does not exist") from None

    def children(self, shard: Shard) -> list[Shard]:
        """The shards that took over a closed shard's range."""
        return [self._shards[number] for number in shard.children if number in self._shards]

    def forget_closed_before(self, time_ms: int) -> None:
        """Remove the shards that closed before `time_ms`: all their records are older."""
        for shard in [shard for shard in self if not shard.was_open_since(time_ms)]:
            del self._shards[shard.number]

    def split(self, shard: Shard, new_start: int, now_ms: int) -> tuple[Shard, Shard]:
        """Close a shard and open two, the second from `new_start` on; raises InvalidArgument."""
        self._check_eligible(shard)
        if not shard.first_hash + 1 < new_start < shard.last_hash:
            raise InvalidArgument(
                f"NewStartingHashKey {new_start} used in SplitShard() on shard {shard.name} in {self._who.in_words} "
                f"is not both greater than one plus the shard's StartingHashKey {shard.first_hash} and less than "
                f"the shard's EndingHashKey {shard.last_hash}."
            )
        return self._split(shard, new_start, now_ms)

    def merge(self, lower: Shard, upper: Shard, now_ms: int) -> Shard:
        """Close two adjacent shards and open one over both ranges; raises InvalidArgument."""
        if lower.last_hash + 1 != upper.first_hash:
            raise InvalidArgument(
                f"Shards {lower.name} and {upper.name} in {self._who.in_words} "
                "are not an adjacent pair of shards eligible for merging"
            )
        for shard in (lower, upper):
            self._check_eligible(shard)
        return self._merge(lower, upper, now_ms)

    def scale(self, target: int, now_ms: int) -> None:
        """Split and merge until there are `target` shards of equal ranges (AWS: UNIFORM_SCALING)."""
        for first, last in even_ranges(target):
            overlap = self.holding(last)
            if overlap.last_hash > last:
                self._split(overlap, last + 1, now_ms)
            whole, *rest = [shard for shard in self._open if first <= shard.first_hash <= last]
            for part in rest:
                whole = self._merge(whole, part, now_ms)

    def _check_eligible(self, shard: Shard) -> None:
        if not shard.is_open:
            raise InvalidArgument(
                f"Shard {shard.name} in {self._who.in_words} has already been merged or split, "
                "and thus is not eligible for merging or splitting."
            )

    def _split(self, shard: Shard, new_start: int, now_ms: int) -> tuple[Shard, Shard]:
        self._begin_epoch(now_ms)
        lower = self._open_shard(shard.first_hash, new_start - 1, (shard.number,), now_ms)
        upper = self._open_shard(new_start, shard.last_hash, (shard.number,), now_ms)
        self._close((shard,), (lower, upper), now_ms)
        return lower, upper

    def _merge(self, lower: Shard, upper: Shard, now_ms: int) -> Shard:
        self._begin_epoch(now_ms)
        parents = (lower.number, upper.number)
        whole = self._open_shard(lower.first_hash, upper.last_hash, parents, now_ms)
        self._close((lower, upper), (whole,), now_ms)
        return whole

    def _begin_epoch(self, now_ms: int) -> None:
        self.epoch = self._epochs.next(min(now_ms // 1000, sequence.LATEST_EPOCH))

    def _open_shard(self, first: int, last: int, parents: tuple[int, ...], now_ms: int) -> Shard:
        shard = Shard(
            number=self.opened,
            epoch=self.epoch,
            first_hash=first,
            last_hash=last,
            opened_ms=now_ms,
            parents=parents,
        )
        self._shards[shard.number] = shard
        self.opened += 1
        return shard

    def _close(self, parents: Iterable[Shard], children: Iterable[Shard], now_ms: int) -> None:
        for parent in parents:
            parent.closed_ms = now_ms
            parent.children = tuple(child.number for child in children)
        self._index()

    def _index(self) -> None:
        self._open = sorted((shard for shard in self if shard.is_open), key=lambda shard: shard.first_hash)
        self._open_starts = [shard.first_hash for shard in self._open]

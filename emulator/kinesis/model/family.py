"""The shards of one stream: which are open, which came from which, and how resharding changes that.

Rules from the Developer Guide, "Reshard a stream": a split shard has two children, two merged shards have one,
and a shard's sequence numbers are all greater than its parents'.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceNotFound
from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.ascending import Ascending
from wavetank.emulator.kinesis.model.shard import Shard, even_ranges, shard_id, shard_number


@dataclass(frozen=True, slots=True)
class StreamIdentity:
    """Which stream it is: two of one name differ in `created_ms`."""

    account: str
    region: str
    name: str
    arn: str
    created_ms: int

    @property
    def in_words(self) -> str:
        """As error messages name it."""
        return f"stream {self.name} under account {self.account}"


class ShardFamily:
    """Every shard that retention has not removed, in the order they were opened.

    `opened` counts the shards ever opened; `epoch` is that of the last reshard, see `emulator.kinesis.model.sequence`.
    Epochs come from `epochs`: streams that share one never have an epoch, and so a sequence number, in common.
    """

    def __init__(self, who: StreamIdentity, epochs: Ascending | None = None) -> None:
        self._who = who
        self._epochs = epochs or Ascending()
        self._shards: dict[int, Shard] = {}
        self._open: list[Shard] = []
        self._open_starts: list[int] = []
        self.opened = 0
        self.epoch = 0

    @classmethod
    def founded(cls, who: StreamIdentity, count: int, epochs: Ascending | None = None) -> "ShardFamily":
        """`count` shards of equal ranges."""
        family = cls(who, epochs)
        family._begin_epoch(who.created_ms)
        for first, last in even_ranges(count):
            family._open_shard(first, last, (), who.created_ms)
        family._index()
        return family

    @classmethod
    def restored(
        cls, who: StreamIdentity, shards: Iterable[Shard], opened: int, epoch: int, epochs: Ascending | None = None
    ) -> "ShardFamily":
        """A family as it was."""
        family = cls(who, epochs)
        family._epochs.rise_to(epoch)
        family._shards = {shard.number: shard for shard in shards}
        family.opened, family.epoch = opened, epoch
        family._index()
        return family

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
        shard = Shard(self.opened, self.epoch, first, last, now_ms, parents)
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

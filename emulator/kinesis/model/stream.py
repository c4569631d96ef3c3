"""A data stream: every record that is put can be read, in order, until retention trims it.

Pure: every method takes `now_ms` (milliseconds since the epoch) and returns values. A stream is not thread-safe by
itself: threads that share one hold `Stream.lock`. Rules from the Amazon Kinesis Data Streams API Reference and
Developer Guide ("Change the data retention period").
"""

import hashlib
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from wavetank.emulator.kinesis.errors import InvalidArgument, Serialization
from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.consumer import Consumers
from wavetank.emulator.kinesis.model.log import Stored, key_bytes
from wavetank.emulator.kinesis.model.position import Cursor, Start, StartingPosition
from wavetank.emulator.kinesis.model.shards import HASH_KEYS, Shard, ShardSet, StreamIdentity, shard_id
from wavetank.emulator.kinesis.settings import StreamSettings

MAX_READ_BYTES = 10 * 1024 * 1024
MAX_READ_RECORDS = 10_000
HOUR_MS = 3_600_000
NEVER_MS = 1 << 62


class Entry(NamedTuple):
    """A record to put; `explicit_hash` overrides the hash of the key."""

    key: str
    data: bytes
    explicit_hash: str | None = None

    @property
    def size(self) -> int:
        """Bytes of the data and of the key in UTF-8; raises Serialization for a key that has no UTF-8.

        Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
        """
        try:
            return len(self.data) + key_bytes(self.key)
        except UnicodeEncodeError as error:
            raise Serialization("PartitionKey is not a text that can be written in UTF-8.") from error

    def hash_key(self) -> int:
        """MD5 of the partition key as a number, or the explicit hash key; raises InvalidArgument."""
        if self.explicit_hash is None:
            return int.from_bytes(hashlib.md5(self.key.encode(), usedforsecurity=False).digest())
        position = int(self.explicit_hash)
        if not 0 <= position < HASH_KEYS:
            raise InvalidArgument(
                "Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. "
                f"Specified value was {self.explicit_hash}"
            )
        return position


class Put(NamedTuple):
    """The place where a record was appended."""

    shard: Shard
    offset: int

    @property
    def sequence_number(self) -> str:
        """The record's sequence number."""
        return self.shard.sequence_number(self.offset)


@dataclass(frozen=True, slots=True)
class Read:
    """The result of a read; `next_index` is None when the shard is closed and nothing more will come."""

    shard: Shard
    records: list[Stored]
    next_index: int | None
    millis_behind: int
    children: list[Shard] = field(default_factory=list)


class Stream:
    """A stream: its settings, its consumers, its shards and their records."""

    def __init__(self, who: StreamIdentity, shards: ShardSet, settings: StreamSettings) -> None:
        self.identity = who
        self.shards = shards
        self.settings = settings
        self.consumers = Consumers(who.name, who.arn, who.account)
        self.lock = threading.RLock()
        self._next_expiry_ms = 0

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.identity.name

    def put(self, entry: Entry, now_ms: int) -> Put:
        """Append a record to the shard that holds its hash key; raises InvalidArgument."""
        shard = self.shards.holding(entry.hash_key())
        return Put(shard, self.append(shard, entry, now_ms))

    def append(self, shard: Shard, entry: Entry, now_ms: int) -> int:
        """Append a record to the open shard that holds its hash key; returns its index there."""
        if shard.log.head == shard.log.tail:
            self._look_again_at(now_ms + self._retention_ms)
        return shard.log.append(now_ms, entry.key, entry.data)

    def cursor(self, shard: Shard, position: StartingPosition, now_ms: int) -> Cursor:
        """The first record that a reader who starts at `position` gets; raises InvalidArgument."""
        who, log = self.identity, shard.log
        match position.start:
            case Start.TRIM_HORIZON:
                index = log.head
            case Start.LATEST:
                index = log.tail
            case Start.AT_TIMESTAMP:
                time_ms = position.timestamp_ms or 0
                if time_ms > now_ms:
                    raise InvalidArgument(
                        "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. "
                        f"timestampInMillis: {time_ms}, currentTimestampInMillis: {now_ms}"
                    )
                index = log.first_at_or_after(time_ms)
            case Start.AT_SEQUENCE_NUMBER:
                index = self._sequence_index(shard, position.sequence_number or "")
            case Start.AFTER_SEQUENCE_NUMBER:
                index = min(self._sequence_index(shard, position.sequence_number or "") + 1, log.tail)
        return Cursor(who.account, who.region, who.name, created_ms=who.created_ms, shard=shard.number, index=index)

    def read(self, shard: Shard, index: int, limit: int, now_ms: int) -> Read:
        """At most `limit` records (and 10 MiB) from `index` on, or from the trim horizon when that is later.

        Raises InvalidArgument for an index that the shard has not come to: it is of another stack's stream.
        """
        log = shard.log
        if index > log.tail:
            raise InvalidArgument("Invalid ShardIterator.")
        records = log.read(index, min(limit, MAX_READ_RECORDS), MAX_READ_BYTES)
        next_index = records[-1].offset + 1 if records else max(index, log.head)
        if records and next_index < log.tail:
            return Read(shard, records, next_index, max(1, now_ms - records[-1].arrived_ms))
        if shard.is_open:
            return Read(shard, records, next_index, 0)
        return Read(shard, records, next_index=None, millis_behind=0, children=self.shards.children(shard))

    def split(self, shard: Shard, new_start: int, now_ms: int) -> tuple[Shard, Shard]:
        """Close a shard and open two, the second from hash key `new_start` on; raises InvalidArgument."""
        children = self.shards.split(shard, new_start, now_ms)
        self._look_again_at(now_ms + self._retention_ms)
        return children

    def merge(self, lower: Shard, upper: Shard, now_ms: int) -> Shard:
        """Close two adjacent shards and open one over both ranges; raises InvalidArgument."""
        child = self.shards.merge(lower, upper, now_ms)
        self._look_again_at(now_ms + self._retention_ms)
        return child

    def scale(self, target: int, now_ms: int) -> None:
        """Split and merge until there are `target` shards of equal ranges (AWS: UNIFORM_SCALING)."""
        self.shards.scale(target, now_ms)
        self._look_again_at(now_ms + self._retention_ms)

    def expire(self, now_ms: int) -> int:
        """Trim records older than the retention period; returns how many went."""
        if now_ms < self._next_expiry_ms:
            return 0
        horizon = now_ms - self._retention_ms
        trimmed = sum(shard.log.trim_before(horizon) for shard in self.shards)
        self.shards.forget_closed_before(horizon)
        aging = self._record_ages() + [shard.closed_ms for shard in self.shards if shard.closed_ms is not None]
        self._next_expiry_ms = min(aging, default=NEVER_MS) + self._retention_ms + 1
        return trimmed

    def retention_changed(self) -> None:
        """Look again at the next `expire`."""
        self._next_expiry_ms = 0

    @property
    def retained_bytes(self) -> int:
        """Estimate of the memory that the records take."""
        return sum(shard.log.retained_bytes for shard in self.shards)

    def oldest_ms(self) -> int | None:
        """The arrival of the oldest record still retained; None when there is none."""
        return min(self._record_ages(), default=None)

    def discard(self) -> int:
        """Drop every record; returns how many went. Sequence numbers go on, so readers keep their places."""
        return sum(shard.log.trim(len(shard.log)) for shard in self.shards)

    def trim_oldest(self, count: int) -> tuple[int, int]:
        """Drop up to `count` records of the shard with the oldest one; returns how many went, and their bytes."""
        oldest = self.oldest_ms()
        for shard in self.shards:
            if oldest is not None and shard.log.oldest_ms() == oldest:
                before = shard.log.retained_bytes
                return shard.log.trim(count), before - shard.log.retained_bytes
        return 0, 0

    @property
    def _retention_ms(self) -> int:
        return self.settings.retention_hours * HOUR_MS

    def _look_again_at(self, time_ms: int) -> None:
        self._next_expiry_ms = min(self._next_expiry_ms, time_ms)

    def _record_ages(self) -> list[int]:
        return [oldest for shard in self.shards if (oldest := shard.log.oldest_ms()) is not None]

    def _sequence_index(self, shard: Shard, text: str) -> int:
        place = sequence.parse(text)
        used = (
            f"StartingSequenceNumber {text} used in GetShardIterator on shard {shard.name} "
            f"in {self.identity.in_words} is invalid"
        )
        if place is None:
            raise InvalidArgument(f"{used}.")
        if place.shard != shard.number:
            raise InvalidArgument(
                f"Invalid StartingSequenceNumber. It encodes {shard_id(place.shard)}, "
                f"while it was used in a call to a shard with {shard.name}"
            )
        if place.epoch != shard.epoch:
            raise InvalidArgument(f"{used} because it did not come from this stream.")
        if place.index >= shard.log.tail and place.index != sequence.LAST_INDEX:
            raise InvalidArgument(f"{used}.")
        return min(place.index, shard.log.tail)

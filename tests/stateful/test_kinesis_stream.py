"""The stream against the simplest model of one: a list of all records ever put, and the rules in one line each."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from wavetank.emulator.kinesis.model.log import SEGMENT
from wavetank.emulator.kinesis.model.position import Start, StartingPosition
from wavetank.emulator.kinesis.model.shards import HASH_KEYS, Shard, ShardSet, StreamIdentity
from wavetank.emulator.kinesis.model.snapshot import exported, imported
from wavetank.emulator.kinesis.model.stream import HOUR_MS, Entry, Stream
from wavetank.emulator.kinesis.settings import StreamSettings

BEGIN = 1_700_000_000_000
WHO = StreamIdentity("000000000000", "us-east-1", "s", "arn:aws:kinesis:us-east-1:000000000000:stream/s", BEGIN)
ALL = 10**9


@dataclass(frozen=True)
class Naive:
    """One record, and what was said of it when it was put."""

    shard: int
    sequence_number: int
    hash_key: int
    time: int
    data: bytes


@dataclass
class Reader:
    """Somebody who reads one shard from its start and keeps what they get."""

    shard: int
    index: int | None = 0
    got: list[bytes] = field(default_factory=list)


class StreamMachine(RuleBasedStateMachine):
    """Puts, reads, splits, merges, scales, trims, clock moves, export and import."""

    @initialize(shards=st.integers(1, 4))
    def create(self, shards: int) -> None:
        self.now = BEGIN
        self.stream = Stream(WHO, ShardSet.founded(WHO, shards), StreamSettings())
        self.records: list[Naive] = []
        self.trimmed: set[int] = set()
        self.counter = 0
        self.readers: dict[int, Reader] = {}

    @rule(count=st.sampled_from([1, 2, 7, SEGMENT, SEGMENT + 1]), key=st.integers(0, HASH_KEYS - 1))
    def put(self, count: int, key: int) -> None:
        for _ in range(count):
            self.counter += 1
            data = str(self.counter).encode()
            put = self.stream.put(Entry("k", data, str(key)), self.now)
            self.records.append(Naive(put.shard.number, int(put.sequence_number), key, self.now, data))

    @rule(key=st.text(min_size=1, max_size=5))
    def put_by_key(self, key: str) -> None:
        self.counter += 1
        entry = Entry(key, str(self.counter).encode())
        put = self.stream.put(entry, self.now)
        naive = Naive(put.shard.number, int(put.sequence_number), entry.hash_key(), self.now, entry.data)
        self.records.append(naive)

    @rule(milliseconds=st.sampled_from([1, 999, 60_000, HOUR_MS, 23 * HOUR_MS]))
    def move_the_clock(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule()
    def expire(self) -> None:
        horizon = self.now - self.stream.settings.retention_hours * HOUR_MS
        gone = {n for n, record in enumerate(self.records) if record.time < horizon} - self.trimmed
        assert self.stream.expire(self.now) == len(gone)
        self.trimmed |= gone

    @rule(count=st.integers(1, SEGMENT + 2))
    def trim_the_oldest(self, count: int) -> None:
        kept = [(record.time, n) for n, record in enumerate(self.records) if n not in self.trimmed]
        records, size = self.stream.trim_oldest(count)
        if not kept:
            assert (records, size) == (0, 0)
            return
        shards = {self.records[n].shard for time, n in kept if time == min(kept)[0]}
        of_shard = {s: [n for _, n in kept if self.records[n].shard == s] for s in shards}
        remaining = {s: self._left(s) for s in shards}
        (victim,) = [s for s in shards if remaining[s] != [self.records[n].data for n in of_shard[s]]]
        assert remaining[victim] == [self.records[n].data for n in of_shard[victim][count:]]
        self.trimmed |= set(of_shard[victim][:count])

    @rule(hours=st.integers(24, 72))
    def change_retention(self, hours: int) -> None:
        now = self.stream.settings.retention_hours
        change = self.stream.settings.increase_retention if hours > now else self.stream.settings.decrease_retention
        change(hours, "s")
        self.stream.retention_changed()

    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        shard = data.draw(st.sampled_from(list(self.stream.shards.open)))
        if shard.last_hash - shard.first_hash > 4:
            self.stream.split(shard, data.draw(st.integers(shard.first_hash + 2, shard.last_hash - 1)), self.now)

    @precondition(lambda self: len(self.stream.shards.open) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.stream.shards.open) - 2))
        lower, upper = self.stream.shards.open[place : place + 2]
        self.stream.merge(lower, upper, self.now)

    @rule(count=st.integers(1, 6))
    def scale(self, count: int) -> None:
        self.stream.scale(count, self.now)
        assert len(self.stream.shards.open) == count

    @rule()
    def export_and_import(self) -> None:
        self.stream = imported(exported(self.stream))

    @rule(data=st.data(), limit=st.integers(1, SEGMENT * 2))
    def read_on(self, data: st.DataObject, limit: int) -> None:
        shard = data.draw(st.sampled_from(list(self.stream.shards)))
        reader = self.readers.setdefault(shard.number, Reader(shard.number))
        if reader.index is None:
            return
        read = self.stream.read(shard, reader.index, limit, self.now)
        assert len(read.records) <= limit
        reader.got += [record.data for record in read.records]
        reader.index = read.next_index
        caught_up = self._left(shard.number)[-1:] == reader.got[-1:] if self._left(shard.number) else True
        assert (read.millis_behind == 0) == caught_up
        assert (read.next_index is None) == (caught_up and not shard.is_open)

    @precondition(lambda self: self.records)
    @rule(data=st.data(), after=st.booleans())
    def start_at_a_record(self, data: st.DataObject, after: bool) -> None:
        chosen = data.draw(st.integers(0, len(self.records) - 1))
        record = self.records[chosen]
        if record.shard not in self.stream.shards:
            return
        kind = Start.AFTER_SEQUENCE_NUMBER if after else Start.AT_SEQUENCE_NUMBER
        expected = self._kept(record.shard, lambda n: n > chosen if after else n >= chosen)
        assert self._read_from(record.shard, StartingPosition(kind, str(record.sequence_number))) == expected

    @rule(data=st.data(), ago=st.integers(0, 30 * HOUR_MS))
    def start_at_a_time(self, data: st.DataObject, ago: int) -> None:
        shard = data.draw(st.sampled_from(list(self.stream.shards)))
        time = max(0, self.now - ago)
        expected = self._kept(shard.number, lambda n: self.records[n].time >= time)
        assert self._read_from(shard.number, StartingPosition(Start.AT_TIMESTAMP, timestamp_ms=time)) == expected

    @invariant()
    def a_reader_gets_each_record_once_and_in_order(self) -> None:
        for reader in self.readers.values():
            put = [record.data for record in self.records if record.shard == reader.shard]
            places = [put.index(data) for data in reader.got]
            assert places == sorted(set(places))
            skipped = set(range(max(places, default=-1) + 1)) - set(places)
            numbers = [n for n, record in enumerate(self.records) if record.shard == reader.shard]
            assert all(numbers[place] in self.trimmed for place in skipped)

    @invariant()
    def what_is_kept_is_what_was_put_and_not_trimmed(self) -> None:
        for shard in self.stream.shards:
            assert self._left(shard.number) == self._kept(shard.number, lambda _: True)
        gone = {record.shard for n, record in enumerate(self.records) if n not in self.trimmed}
        assert gone <= {shard.number for shard in self.stream.shards}

    @invariant()
    def sequence_numbers_grow_along_the_life_of_every_hash_key(self) -> None:
        newest: dict[int, int] = {}
        for record in self.records:
            assert record.sequence_number > newest.get(record.hash_key, 0)
            newest[record.hash_key] = record.sequence_number

    @invariant()
    def the_open_shards_cover_every_hash_key_once(self) -> None:
        edges = [edge for shard in self.stream.shards.open for edge in (shard.first_hash, shard.last_hash + 1)]
        assert (edges[0], edges[-1]) == (0, HASH_KEYS)
        assert edges[1:-1:2] == edges[2::2]

    def _kept(self, shard: int, is_meant: Callable[[int], bool]) -> list[bytes]:
        return [
            record.data
            for n, record in enumerate(self.records)
            if record.shard == shard and n not in self.trimmed and is_meant(n)
        ]

    def _left(self, shard: int) -> list[bytes]:
        return [record.data for record in self._shard(shard).log.read(0, ALL, ALL)]

    def _read_from(self, shard: int, position: StartingPosition) -> list[bytes]:
        index = self.stream.cursor(self._shard(shard), position, self.now).index
        return [record.data for record in self.stream.read(self._shard(shard), index, ALL, self.now).records]

    def _shard(self, number: int) -> Shard:
        return self.stream.shards.at(number)


StreamMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestStream = StreamMachine.TestCase

"""A mapping while its stream is resharded, replaced or mute: nothing is passed over or called done too soon."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from wavetank.emulator.lambda_.mappings.checkpoints import IteratorType, MappingCheckpoints, Position, Shard
from wavetank.emulator.lambda_.mappings.life_cycle import LifeCycle
from wavetank.emulator.lambda_.mappings.stream import mapping_run
from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord, Record
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome, Reply, Succeeded
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings, Start
from wavetank.emulator.lambda_.mappings.stream.mapping_run import MappingRun
from wavetank.emulator.lambda_.mappings.stream.stream_client import Page, PlaceLost, StreamGone, StreamUnavailable, View
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
DEADLINE_S = 10.0


@dataclass
class Stream:
    """A stream; sequence numbers are `<created>.<index>`, iterators `<created>/<shard>/<index>`."""

    created: float
    records: dict[str, list[str]]
    parents: dict[str, str] = field(default_factory=dict)

    def shards(self) -> list[Shard]:
        closed = set(self.parents.values())
        return [
            Shard(shard, (self.parents[shard],) if shard in self.parents else (), shard not in closed)
            for shard in self.records
        ]


class Service:
    """The stream under the name, if any, as a mapping's client sees it."""

    def __init__(self) -> None:
        self.stream: Stream | None = None
        self.look_fails = False
        self.failing_reads = 0
        self.may_look = threading.Event()
        self.may_look.set()
        self.looked = threading.Event()

    def __call__(self, *_arns: str) -> "Service":
        return self

    def there(self) -> Stream:
        if self.stream is None:
            raise StreamGone("there is no such stream")
        return self.stream

    def look(self) -> View:
        self.looked.set()
        assert self.may_look.wait(DEADLINE_S)
        if self.look_fails:
            raise StreamUnavailable("503")
        stream = self.there()
        return View(stream.created, 86400.0, stream.shards())

    def iterator(self, shard: str, position: Position) -> str:
        stream = self.there()
        if shard not in stream.records:
            raise StreamGone(shard)
        index = 0
        if position.kind is IteratorType.AFTER_SEQUENCE_NUMBER:
            created, _, number = position.sequence.rpartition(".")
            if created != str(stream.created):
                raise PlaceLost(position.sequence)
            index = int(number) + 1
        return f"{stream.created}/{shard}/{index}"

    def read(self, iterator: str) -> Page:
        if self.failing_reads:
            self.failing_reads -= 1
            raise StreamGone("a fault")
        created, shard, index = iterator.split("/")
        stream = self.there()
        if str(stream.created) != created:
            raise StreamGone(shard)
        data_of_page = stream.records[shard][int(index) :]
        raws = [
            RawRecord(
                SequenceNumber=f"{created}.{int(index) + number}",
                PartitionKey="k",
                Data=data,
                ApproximateArrivalTimestamp=CLOCK.now(),
            )
            for number, data in enumerate(data_of_page)
        ]
        is_over = shard in stream.parents.values()
        return Page(raws, None if is_over else f"{created}/{shard}/{int(index) + len(data_of_page)}", 0)


class Function:
    """Takes every batch, and holds it while it may not go on."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.began = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def deliver(self, shard_id: str, records: tuple[Record, ...]) -> Outcome:
        self.began.set()
        assert self.may_end.wait(DEADLINE_S)
        self.got += [record.sequence for record in records]
        return Succeeded(Reply("r"))

    def give_up(self, shard_id: str, discard: Discard) -> None:
        raise AssertionError(discard)

    def passes(self, raws: Sequence[RawRecord], shard_id: str) -> list[bool] | None:
        return None


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    monkeypatch.setattr(mapping_run, "StreamClient", service)
    return service


@pytest.fixture
def function() -> Function:
    return Function()


Begin = Callable[[], MappingRun]


@pytest.fixture
def begin(service: Service, function: Function) -> Iterator[Begin]:
    """Starts a run of the one mapping; what it remembers outlives the run."""
    checkpoints, ends = MappingCheckpoints(), list[Callable[[], None]]()

    def run() -> MappingRun:
        settings = MappingSettings("u", FUNCTION, ARN, "role", Start.TRIM_HORIZON)
        ended = threading.Event()
        run = MappingRun(settings, checkpoints, function)
        run.prepare()
        run.start(LifeCycle(begun=lambda: None, ended=ended.set))

        def end() -> None:
            run.stop()
            assert ended.wait(DEADLINE_S)

        ends.append(end)
        return run

    yield run
    for end in ends:
        end()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def quiet(run: MappingRun) -> None:
    until(lambda: not run.pending())


def split(created: float) -> Stream:
    return Stream(created, {"s0": ["a"], "s1": ["b"], "s2": []}, {"s1": "s0", "s2": "s0"})


def test_a_disabled_mapping_finds_a_stream_made_anew_and_reads_all_of_it(
    service: Service, function: Function, begin: Begin
) -> None:
    service.stream = split(1.0)
    run = begin()
    quiet(run)
    run.stop()
    service.stream = Stream(2.0, {"s0": ["c", "d"]})
    quiet(begin())
    assert function.got == ["1.0.0", "1.0.0", "2.0.0", "2.0.1"]


def test_a_mapping_at_work_finds_a_stream_made_anew_and_reads_all_of_it(
    service: Service, function: Function, begin: Begin
) -> None:
    service.stream = split(1.0)
    run = begin()
    quiet(run)
    service.stream = Stream(2.0, {"s0": ["c"], "s1": ["d"]})
    STREAM_WRITES.ring(ARN)
    quiet(run)
    assert function.got[2:] == ["2.0.0", "2.0.0"]


def test_a_stream_replaced_behind_a_busy_reader_is_in_flight_until_the_new_one_is_read(
    service: Service, function: Function, begin: Begin
) -> None:
    service.stream = Stream(1.0, {"s0": ["a"]})
    function.may_end.clear()
    run = begin()
    assert function.began.wait(DEADLINE_S)
    service.may_look.clear()
    service.looked.clear()
    service.stream = Stream(2.0, {"s0": ["b"]})
    STREAM_WRITES.ring(ARN)
    assert service.looked.wait(DEADLINE_S)
    function.may_end.set()
    until(lambda: function.got == ["1.0.0"])
    for _ in range(50):
        assert run.pending()
        time.sleep(0.001)
    service.may_look.set()
    quiet(run)
    assert function.got == ["1.0.0", "2.0.0"]


def test_a_read_that_found_no_stream_where_there_is_one_leaves_the_shard_in_flight(
    service: Service, function: Function, begin: Begin
) -> None:
    service.stream = Stream(1.0, {"s0": ["a"]})
    run = begin()
    quiet(run)
    service.failing_reads = 2
    service.stream.records["s0"].append("b")
    STREAM_WRITES.ring(ARN)
    quiet(run)
    assert function.got == ["1.0.0", "1.0.1"]


def test_a_stream_that_only_seemed_to_be_gone_is_read_on(service: Service, function: Function, begin: Begin) -> None:
    service.stream = stream = Stream(1.0, {"s0": ["a"]})
    run = begin()
    quiet(run)
    service.stream = None
    STREAM_WRITES.ring(ARN)
    until(lambda: not run._shard_runs())
    quiet(run)
    stream.records["s0"].append("b")
    service.stream = stream
    STREAM_WRITES.ring(ARN)
    quiet(run)
    assert function.got == ["1.0.0", "1.0.1"]


def test_a_stream_that_comes_back_is_in_flight_from_the_ring_until_it_is_read(
    service: Service, function: Function, begin: Begin
) -> None:
    run = begin()
    quiet(run)
    service.may_look.clear()
    service.looked.clear()
    service.stream = Stream(1.0, {"s0": ["a"]})
    STREAM_WRITES.ring(ARN)
    assert service.looked.wait(DEADLINE_S)
    assert not run._alarm.is_set()
    assert run.pending()
    service.may_look.set()
    quiet(run)
    assert function.got == ["1.0.0"]


def test_a_mapping_that_has_never_seen_its_stream_is_in_flight_however_long_it_takes(
    service: Service, begin: Begin
) -> None:
    service.stream, service.look_fails = Stream(1.0, {"s0": []}), True
    run = begin()
    for _ in range(12):
        service.looked.clear()
        CLOCK.advance(61)
        assert service.looked.wait(DEADLINE_S)
        assert run.pending()
    until(lambda: "503" in run.pending()[0].what)
    service.look_fails = False
    CLOCK.advance(61)
    quiet(run)

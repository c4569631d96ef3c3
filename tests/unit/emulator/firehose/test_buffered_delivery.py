"""A running delivery stream against a bucket in memory, on a clock of its own."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.firehose.buffered_delivery import BUFFER_HOP, BufferedDelivery, Setup
from wavetank.emulator.firehose.core.buffer import Entry, Hints, Origin
from wavetank.emulator.firehose.core.compression import Compression
from wavetank.emulator.firehose.core.keys import KeyLayout
from wavetank.emulator.firehose.core.processing import InvocationError
from wavetank.emulator.firehose.core.settings import Destination, Processing, S3Target, Transformation
from wavetank.emulator.firehose.delivery import DIRECT_PUT_RETENTION_S, HOP, Delivery, S3Error, Source
from wavetank.emulator.runtime.clock import Clock

DEADLINE_S = 10.0
FOREVER_S = 10**9.0


class BucketInMemory:
    """Keeps what is put; refuses the next `failures` writes, and everything to the bucket named `missing`."""

    def __init__(self) -> None:
        self.objects: list[tuple[str, str, bytes]] = []
        self.failures = 0
        self.refused = 0
        self._changed = threading.Condition()

    def put(self, target: S3Target, key: str, body: bytes) -> None:
        with self._changed:
            if self.failures or target.bucket == "missing":
                self.failures = max(0, self.failures - 1)
                self.refused += 1
                self._changed.notify_all()
                raise S3Error("no")
            self.objects.append((target.bucket, key, body))
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), f"objects: {self.objects}, refused: {self.refused}"

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.objects]


def no_function(_arn: str, _records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    raise InvocationError("Lambda.FunctionError", "boom")


def setup(bucket: str = "bucket", hints: Hints | None = None, **rest: Any) -> Setup:
    retention_s = rest.pop("retention_s", None)
    target = rest.pop("target", S3Target(bucket, KeyLayout("p/")))
    destination = Destination(target, hints or Hints(100, FOREVER_S), **rest)
    return Setup(destination, Source("stream", 1, no_function, retention_s))


@pytest.fixture
def bucket() -> BucketInMemory:
    return BucketInMemory()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def running(bucket: BucketInMemory, clock: Clock, what: Setup, **options: Any) -> Iterator[BufferedDelivery]:
    stream = BufferedDelivery(what, Delivery(bucket, clock), clock=clock, **options)
    stream.start()
    try:
        yield stream
    finally:
        stream.stop()


def settled(stream: BufferedDelivery) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while stream.pending():
        assert time.monotonic() < deadline, stream.pending()
        time.sleep(0.001)


def entry(data: bytes, arrival: float = 0.0, sequence: str = "") -> Entry:
    return Entry(data, arrival, Origin("shardId-000000000000", sequence, "key") if sequence else None)


def test_a_full_buffer_is_delivered_as_one_object_of_the_same_bytes(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"\x00" * 60, 5.0), entry(b"\n\xff" * 30, 3.0)])
        bucket.wait(lambda: len(bucket.objects) == 1)
    assert bucket.bodies == [b"\x00" * 60 + b"\n\xff" * 30]
    assert bucket.objects[0][1].startswith("p/1970/01/01/00/stream-1-1970-01-01-00-00-03-")


def test_a_buffer_waits_for_its_interval_on_the_emulator_clock(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup(hints=Hints(10**9, 900.0))) as stream:
        stream.accept([entry(b"a")])
        (pending,) = stream.pending()
        assert pending.hop == BUFFER_HOP
        assert "1 records (1 B), due in 900 s" in pending.what
        assert pending.until is None
        clock.advance(890)
        stream.accept([entry(b"b")])
        assert bucket.objects == []
        clock.advance(11)
        bucket.wait(lambda: bucket.bodies == [b"ab"])
        settled(stream)


def test_the_longest_interval_caps_the_hint(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup(hints=Hints(10**9, 900.0)), longest_interval_s=0.0) as stream:
        stream.accept([entry(b"a")])
        bucket.wait(lambda: bucket.bodies == [b"a"])


def test_a_flush_delivers_what_is_buffered_and_nothing_when_empty(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup()) as stream:
        stream.flush()
        stream.accept([entry(b"a")])
        stream.flush()
        settled(stream)
    assert bucket.bodies == [b"a"]


def test_a_chunk_that_s3_refuses_is_delivered_once_it_does_not(bucket: BucketInMemory, clock: Clock) -> None:
    bucket.failures = 3
    with running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"x" * 100)])
        bucket.wait(lambda: bucket.refused == 1)
        bucket.wait(lambda: stream.pending()[0].until is not None)
        (pending,) = stream.pending()
        assert (pending.hop, pending.resource) == (HOP, "stream")
        while not bucket.objects:
            clock.advance(1)
        settled(stream)
    assert bucket.bodies == [b"x" * 100]
    assert bucket.refused == 3


def test_what_comes_in_during_an_outage_is_delivered_after_it_in_order(bucket: BucketInMemory, clock: Clock) -> None:
    bucket.failures = 10**6
    with running(bucket, clock, setup()) as stream:
        for letter in (b"a", b"b", b"c"):
            stream.accept([entry(letter * 100)])
        bucket.wait(lambda: bucket.refused > 0)
        assert "3 chunks (300 B)" in stream.pending()[0].what
        bucket.failures = 0
        clock.advance(60)
        settled(stream)
    assert bucket.bodies == [b"a" * 100, b"b" * 100, b"c" * 100]


def test_direct_puts_are_kept_for_a_day_and_no_longer(bucket: BucketInMemory, clock: Clock) -> None:
    bucket.failures = 10**6
    with running(bucket, clock, setup(retention_s=DIRECT_PUT_RETENTION_S)) as stream:
        stream.accept([entry(b"x" * 100, clock.now())])
        bucket.wait(lambda: bucket.refused > 0)
        clock.advance(DIRECT_PUT_RETENTION_S - 100)
        refused = bucket.refused
        bucket.wait(lambda: bucket.refused > refused)
        assert stream.pending()
        clock.advance(200)
        settled(stream)
    assert bucket.objects == []


def test_records_from_a_stream_are_kept_without_end(bucket: BucketInMemory, clock: Clock) -> None:
    bucket.failures = 10**6
    with running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"x" * 100, clock.now(), "1")])
        bucket.wait(lambda: bucket.refused > 0)
        clock.advance(30 * DIRECT_PUT_RETENTION_S)
        bucket.failures = 0
        clock.advance(60)
        settled(stream)
    assert bucket.bodies == [b"x" * 100]


def test_an_update_applies_to_what_is_being_retried(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup("missing")) as stream:
        stream.accept([entry(b"x" * 100)])
        bucket.wait(lambda: bucket.refused > 0)
        stream.update(setup("bucket"))
        settled(stream)
    assert [(name, body) for name, _, body in bucket.objects] == [("bucket", b"x" * 100)]


def test_a_new_interval_applies_to_what_is_buffered(bucket: BucketInMemory, clock: Clock) -> None:
    with running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"a")])
        stream.update(setup(hints=Hints(100, 0.0)))
        bucket.wait(lambda: bucket.bodies == [b"a"])


def test_failed_records_go_to_the_error_prefix_and_raw_ones_to_the_backup(bucket: BucketInMemory, clock: Clock) -> None:
    what = setup(
        processing=Processing(transformation=Transformation("arn", retries=0)),
        backup=S3Target("backup", KeyLayout("raw/", extension=".gz"), Compression.GZIP),
    )
    with running(bucket, clock, what) as stream:
        stream.accept([entry(b"x" * 100)])
        settled(stream)
    (_, failed, lines), (_, raw, packed) = bucket.objects
    assert failed.startswith("p/processing-failed/1970/01/01/00/stream-1-")
    assert b"boom" in lines
    assert raw.startswith("raw/1970/01/01/00/stream-1-")
    assert raw.endswith(".gz")
    assert gzip.decompress(packed) == b"x" * 100


def test_stopping_does_not_wait_for_s3(bucket: BucketInMemory, clock: Clock) -> None:
    bucket.failures = 10**6
    with running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"x" * 100)])
        bucket.wait(lambda: bucket.refused > 0)
        stream.stop()
        stream._thread.join(DEADLINE_S)
        assert not stream._thread.is_alive()


@contextmanager
def fault(**document: Any) -> Iterator[str]:
    added = FAULTS.add({"point": "firehose.delivery", **document})
    try:
        yield added.id
    finally:
        FAULTS.remove(added.id)


def test_the_fault_duplicate_writes_the_same_bytes_under_two_keys(bucket: BucketInMemory, clock: Clock) -> None:
    with fault(action="duplicate", match={"delivery_stream": "stream"}), running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"x" * 100, sequence="4711")])
        settled(stream)
    (_, one, first), (_, two, second) = bucket.objects
    assert first == second == b"x" * 100
    assert one != two
    (firing,) = [item for item in FAULTS.activity() if item.identity == "stream"]
    assert dict(firing.target) == {"delivery_stream": "stream", "bucket": "bucket", "key": one}


def test_the_fault_fail_keeps_the_object_from_s3_until_it_is_tried_again(bucket: BucketInMemory, clock: Clock) -> None:
    with fault(action="fail", when={"count": 2}), running(bucket, clock, setup()) as stream:
        stream.accept([entry(b"x" * 100)])
        settled(stream)
    assert bucket.bodies == [b"x" * 100]
    assert bucket.refused == 0

"""The memory cap counts all that records cost, and looks at no stream while it changes."""

import threading

from wavetank.emulator.kinesis.model.log import OVERHEAD
from wavetank.emulator.kinesis.model.shards import ShardSet, StreamIdentity
from wavetank.emulator.kinesis.model.stream import Entry, Stream
from wavetank.emulator.kinesis.settings import StreamSettings
from wavetank.emulator.kinesis.store import CHECKS_PER_CAP, MemoryCap

WHO = StreamIdentity("000000000000", "us-east-1", "s", "arn:aws:kinesis:us-east-1:000000000000:stream/s", 1)
DEADLINE_S = 10.0


def stream_with(records: int) -> Stream:
    stream = Stream(WHO, ShardSet.founded(WHO, 1), StreamSettings())
    for number in range(records):
        stream.put(Entry("k", b""), number)
    return stream


def test_records_without_data_reach_the_cap_too() -> None:
    looks: list[int] = []

    def streams() -> list[Stream]:
        looks.append(1)
        return []

    cap = MemoryCap(lambda: 10 * OVERHEAD * CHECKS_PER_CAP, streams, lambda *_: None)
    cap.grew(9, 0)
    assert looks == []
    cap.grew(1, 0)
    assert looks != []


def test_a_stream_that_is_being_changed_is_waited_for() -> None:
    stream = stream_with(2)
    cap = MemoryCap(lambda: 1, lambda: [stream], lambda *_: None)
    counted = threading.Event()

    def grow() -> None:
        cap.grew(1, 0)
        counted.set()

    with stream.lock:
        thread = threading.Thread(target=grow, daemon=True)
        thread.start()
        assert not counted.wait(0.2)
    thread.join(DEADLINE_S)
    assert counted.is_set()
    assert stream.retained_bytes == 0

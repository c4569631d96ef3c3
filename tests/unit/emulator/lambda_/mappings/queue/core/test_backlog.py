"""Batches are cut when they are full or old enough, never larger than the limits."""

from wavetank.emulator.lambda_.mappings.queue.core.backlog import Backlog
from wavetank.emulator.lambda_.mappings.queue.core.message import ENVELOPE_BYTES, Message, event_json
from wavetank.emulator.lambda_.mappings.stream.core.settings import BatchLimits

NOW = 1000.0


def message(name: str, size: int = 10) -> Message:
    return Message(name, f"receipt-{name}", name, NOW, NOW, "x" * size)


def filled(limits: BatchLimits, *names: str, size: int = 10) -> Backlog:
    backlog = Backlog(limits)
    for name in names:
        backlog.put(message(name, size), NOW)
    return backlog


def ids(batch: tuple[Message, ...]) -> list[str]:
    return [item.id for item in batch]


def test_without_a_window_what_waits_goes_at_once_in_batches_of_the_size() -> None:
    backlog = filled(BatchLimits(records=2), *"abc")
    assert [ids(backlog.cut(NOW)) for _ in range(3)] == [["a", "b"], ["c"], []]


def test_a_window_opens_with_the_first_message_and_closes_in_time() -> None:
    backlog = filled(BatchLimits(records=10, window_s=5), "a")
    backlog.put(message("b"), NOW + 4)
    assert backlog.cut(NOW + 4.9) == ()
    assert backlog.until() == NOW + 5
    assert ids(backlog.cut(NOW + 5)) == ["a", "b"]
    assert backlog.until() is None


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    backlog = filled(BatchLimits(records=2, window_s=5), "a", "b")
    assert backlog.room == 0
    assert ids(backlog.cut(NOW)) == ["a", "b"]
    assert backlog.room == 2


def test_a_flush_closes_the_window_once() -> None:
    backlog = filled(BatchLimits(records=10, window_s=5), "a")
    assert backlog.flush()
    assert not backlog.flush()
    assert ids(backlog.cut(NOW)) == ["a"]
    assert not backlog.flush()
    backlog.put(message("b"), NOW)
    assert backlog.cut(NOW) == ()


def test_no_event_is_larger_than_the_limit_unless_one_message_is() -> None:
    limits = BatchLimits(records=10, window_s=5, payload_bytes=ENVELOPE_BYTES + 25)
    backlog = filled(limits, *"abc")
    assert backlog.room == 0
    batch = backlog.cut(NOW)
    assert ids(batch) == ["a", "b"]
    assert len(event_json(batch)) <= limits.payload_bytes
    large = filled(limits, "large", size=100)
    assert ids(large.cut(NOW)) == ["large"]

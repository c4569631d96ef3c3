"""Batches are cut when they are full or old enough, never larger than the limits."""

from wavetank.emulator.lambda_.mappings.batch_window import ENVELOPE_BYTES, BatchLimits, BatchWindow, event_json
from wavetank.emulator.lambda_.mappings.queue.core.message import Message

NOW = 1000.0


def message(name: str, size: int = 10) -> Message:
    return Message(name, f"receipt-{name}", name, NOW, NOW, "x" * size)


def filled(limits: BatchLimits, *names: str, size: int = 10) -> BatchWindow[Message]:
    window = BatchWindow[Message](limits)
    for name in names:
        window.put([message(name, size)], NOW)
    return window


def ids(batch: tuple[Message, ...]) -> list[str]:
    return [item.id for item in batch]


def test_without_a_window_what_waits_goes_at_once_in_batches_of_the_size() -> None:
    window = filled(BatchLimits(records=2), *"abc")
    assert [ids(window.cut(NOW)) for _ in range(3)] == [["a", "b"], ["c"], []]


def test_a_window_opens_with_the_first_message_and_closes_in_time() -> None:
    window = filled(BatchLimits(records=10, window_s=5), "a")
    window.put([message("b")], NOW + 4)
    assert window.cut(NOW + 4.9) == ()
    assert window.closes_at == NOW + 5
    assert ids(window.cut(NOW + 5)) == ["a", "b"]
    assert window.closes_at is None


def test_a_full_batch_does_not_wait_for_its_window() -> None:
    window = filled(BatchLimits(records=2, window_s=5), "a", "b")
    assert window.room == 0
    assert ids(window.cut(NOW)) == ["a", "b"]
    assert window.room == 2


def test_a_flush_closes_the_window_once() -> None:
    window = filled(BatchLimits(records=10, window_s=5), "a")
    assert window.flush()
    assert not window.flush()
    assert ids(window.cut(NOW)) == ["a"]
    assert not window.flush()
    window.put([message("b")], NOW)
    assert window.cut(NOW) == ()


def test_no_event_is_larger_than_the_limit_unless_one_message_is() -> None:
    limits = BatchLimits(records=10, window_s=5, payload_bytes=ENVELOPE_BYTES + 25)
    window = filled(limits, *"abc")
    assert window.room == 0
    batch = window.cut(NOW)
    assert ids(batch) == ["a", "b"]
    assert len(event_json(batch)) <= limits.payload_bytes
    large = filled(limits, "large", size=100)
    assert ids(large.cut(NOW)) == ["large"]


def test_what_a_batch_leaves_keeps_its_window_unless_it_is_given_one_of_its_own() -> None:
    window = filled(BatchLimits(records=2, window_s=5), *"abc")
    assert ids(window.cut(NOW + 3)) == ["a", "b"]
    assert window.closes_at == NOW + 5
    window.reopen(NOW + 3)
    assert window.closes_at == NOW + 8


def test_what_a_batch_leaves_of_a_flush_goes_at_once() -> None:
    window = filled(BatchLimits(records=2, window_s=5), *"abc")
    window.flush()
    assert ids(window.cut(NOW)) == ["a", "b"]
    window.reopen(NOW)
    assert ids(window.cut(NOW)) == ["c"]

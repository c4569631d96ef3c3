"""The clock is moved on for what says that it waits for it, and for nothing else."""

import pytest

from emulator.deliveries.queue import DelayQueue
from emulator.inflight import InFlight
from scenarios.exploration.patience import is_due_later


@pytest.mark.parametrize(
    ("what", "later"),
    [
        ("batch of 3, attempt 2, next try in 0.4 s, last error ClientError", True),
        ("PutObject of wavetank-partitioner (held back 20 s by a fault)", True),
        ("wavetank-partitioner", False),
        ("batch of 3, attempt 1", False),
    ],
)
def test_what_waits_for_emulator_time_says_so(what: str, later: bool) -> None:
    assert is_due_later([("somewhere", "else"), ("here", what)]) is later


def test_hidden_messages_wait_for_emulator_time_unless_a_function_works_on_them() -> None:
    hidden = (
        "sqs.mapping",
        "merges for concatenator: 10 hidden messages, not before 2026-12-08T01:23:04Z emulator time",
    )
    assert is_due_later([hidden])
    assert not is_due_later([hidden, ("lambda.queue-source", "mapping concatenator: batch of 10")])


def test_an_invocation_that_is_tried_again_later_says_so() -> None:
    in_flight = InFlight()
    queue = DelayQueue("lambda.async", "f", in_flight=in_flight)
    queue.put("now")
    assert not is_due_later([(item.hop, item.what) for item in in_flight.pending()])
    queue.discard()
    queue.put("later", delay_s=60)
    assert is_due_later([(item.hop, item.what) for item in in_flight.pending()])

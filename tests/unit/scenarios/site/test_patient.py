"""The clock is moved on for what says that it waits for it, and for nothing else."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from wavetank.emulator.deliveries.queue import DelayQueue
from wavetank.emulator.runtime.inflight import InFlight
from wavetank.scenarios.site import patient
from wavetank.scenarios.site.patient import PatientSite, is_due_later
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled

DEADLINE_S = 10.0


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


def test_a_tick_that_lets_something_wait_moves_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    moved, ticked = list[str](), threading.Event()

    def tick(_site: Site, _function: Scheduled, _moment: datetime, but: str = "") -> dict[str, Any]:
        assert but or ticked.wait(DEADLINE_S)
        return {}

    def settle(_site: Site) -> None:
        moved.append("on")
        ticked.set()

    monkeypatch.setattr(Site, "tick", tick)
    monkeypatch.setattr(patient, "settle", settle)
    site, moment = PatientSite(cast(Any, None), cast(Any, None), Path()), datetime.now(UTC)
    site.tick(Scheduled.PLANNER, moment, "held back")
    assert moved == []
    site.tick(Scheduled.PLANNER, moment)
    assert moved != []


def test_an_invocation_that_is_tried_again_later_says_so() -> None:
    in_flight = InFlight()
    queue = DelayQueue("lambda.async", "f", in_flight=in_flight)
    queue.put("now")
    assert not is_due_later([(item.hop, item.what) for item in in_flight.pending()])
    queue.discard()
    queue.put("later", delay_s=60)
    assert is_due_later([(item.hop, item.what) for item in in_flight.pending()])

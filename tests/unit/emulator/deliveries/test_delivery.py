"""What a fault does to a delivery, and that its token is given back however it ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wavetank.emulator.deliveries.delivery import Delivery, Subject, send
from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Point
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.inflight import IN_FLIGHT

ENOUGH_S = 30.0


class Desk:
    """A worker that runs what was submitted when it is told to."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self._waiting: list[Callable[[], None]] = []

    def send(self, key: str, deliver: Callable[[], object] | None = None) -> None:
        subject = Subject({"bucket": "delivery-test", "key": key}, f"delivery-test/{key}")
        arrive = deliver or (lambda: self.arrived.append(key))
        send(Delivery(Point.S3_NOTIFICATION, "delivery-test", key, arrive, lambda: subject), self._waiting.append)

    def work(self) -> None:
        while self._waiting:
            self._waiting.pop(0)()


@pytest.fixture
def desk() -> Iterator[Desk]:
    yield Desk()
    FAULTS.clear()


def fault(action: str, **fields: Any) -> None:
    FAULTS.add({"point": Point.S3_NOTIFICATION, "action": action, "match": {"bucket": "delivery-test"}, **fields})


def pending() -> list[Pending]:
    return [item for item in IN_FLIGHT.pending() if item.hop == Point.S3_NOTIFICATION]


def test_a_delivery_is_in_flight_from_when_it_is_sent_until_it_has_arrived(desk: Desk) -> None:
    desk.send("a")
    assert pending() == [Pending(Point.S3_NOTIFICATION, "delivery-test", "a")]
    desk.work()
    assert (desk.arrived, pending()) == (["a"], [])


def test_one_that_fails_is_logged_and_no_longer_in_flight(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.send("a", deliver=lambda: [][0])
    desk.work()
    assert pending() == []
    assert "s3.notification: not delivered: a" in caplog.text


def test_one_that_nobody_takes_is_not_in_flight(desk: Desk) -> None:
    def refuse(_run: Callable[[], None]) -> None:
        raise RuntimeError("cannot schedule new futures after shutdown")

    with pytest.raises(RuntimeError):
        send(Delivery(Point.S3_NOTIFICATION, "delivery-test", "a", print, lambda: Subject({}, "a")), refuse)
    assert pending() == []


def test_a_dropped_one_never_arrives_and_is_not_in_flight(desk: Desk) -> None:
    fault("drop", when={"nth": 2})
    for key in "abc":
        desk.send(key)
    desk.work()
    assert desk.arrived == ["a", "c"]


def test_a_duplicated_one_arrives_so_many_times_more(desk: Desk) -> None:
    fault("duplicate", parameters={"copies": 2}, when={"nth": 1})
    desk.send("a")
    assert len(pending()) == 3
    desk.work()
    assert (desk.arrived, pending()) == (["a", "a", "a"], [])


def test_a_delayed_one_stays_in_flight_and_arrives_when_emulator_time_has_passed(desk: Desk) -> None:
    fault("delay", parameters={"delay_s": 300})
    desk.send("a")
    desk.work()
    assert desk.arrived == []
    [held] = pending()
    assert held.by_fault
    assert held.until == pytest.approx(CLOCK.now() + 300, abs=5)
    CLOCK.advance(300)
    while pending():
        desk.work()
    assert desk.arrived == ["a"]


def test_the_subject_is_not_asked_for_while_no_fault_is_set(desk: Desk) -> None:
    def costly() -> Subject:
        raise AssertionError("asked")

    send(
        Delivery(Point.S3_NOTIFICATION, "delivery-test", "a", lambda: desk.arrived.append("a"), costly),
        lambda run: run(),
    )
    assert desk.arrived == ["a"]


def test_a_reordered_delivery_goes_when_nothing_else_is_in_flight() -> None:
    added = FAULTS.add({"point": "s3.notification", "action": "reorder", "parameters": {"behind": 5}})
    arrived: list[str] = []
    try:
        for name in "ab":
            subject = Subject({"bucket": "b", "key": name}, name)
            send(
                Delivery(Point.S3_NOTIFICATION, "b", name, lambda name=name: arrived.append(name), lambda s=subject: s),  # type: ignore[misc]
                lambda run: run(),
            )
        assert arrived == []
        assert IN_FLIGHT.settle(5) == []
    finally:
        FAULTS.remove(added.id)
    assert arrived == ["a", "b"]

"""A queue in emulator time: nothing in it is lost, done twice or forgotten by settle."""

import threading

import pytest

from wavetank.emulator.deliveries.queue import DelayQueue
from wavetank.emulator.runtime.clock import Alarm, Clock
from wavetank.emulator.runtime.inflight import InFlight

RETRY_S = 60.0
ENOUGH_S = 30.0


class Bench:
    """A queue with a clock and a register of its own."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.in_flight = InFlight()
        self.queue = DelayQueue("lambda.async", "processor", self.clock, self.in_flight)

    def bodies(self, taker: object) -> list[str]:
        return [message.body for message in self.queue.take(taker)]


def test_what_is_due_comes_out_in_the_order_it_became_due() -> None:
    bench = Bench()
    for body, delay_s in [("late", RETRY_S), ("first", 0.0), ("second", 0.0)]:
        bench.queue.put(body, delay_s)
    assert bench.bodies("one") == ["first", "second"]
    bench.clock.advance(RETRY_S)
    assert bench.bodies("one") == ["late"]


def test_a_message_is_taken_once() -> None:
    bench = Bench()
    bench.queue.put("a")
    assert bench.bodies("one") == ["a"]
    assert bench.bodies("two") == []


def test_a_message_is_in_flight_until_it_is_removed() -> None:
    bench = Bench()
    handle = bench.queue.put("a")
    bench.queue.take("one")
    assert [pending.what for pending in bench.in_flight.pending()] == ["processor"]
    bench.queue.remove(handle)
    bench.queue.remove(handle)
    assert bench.in_flight.pending() == []


def test_a_message_that_waits_says_until_when() -> None:
    bench = Bench()
    bench.queue.put("a", RETRY_S)
    [pending] = bench.in_flight.pending()
    assert pending.what.startswith("processor, not before 20")
    left = bench.queue.until_next()
    assert left is not None
    assert RETRY_S - 5 < left <= RETRY_S


def test_nothing_waits_in_an_empty_queue_or_when_all_is_taken() -> None:
    bench = Bench()
    assert bench.queue.until_next() is None
    bench.queue.put("a")
    bench.queue.take("one")
    assert bench.queue.until_next() is None


def test_what_a_stopped_taker_had_not_started_goes_to_another() -> None:
    bench = Bench()
    begun, idle = bench.queue.put("begun"), bench.queue.put("idle")
    bench.queue.take("old")
    assert bench.queue.start(begun, "old")
    bench.queue.give_back("old")
    assert bench.bodies("new") == ["idle"]
    assert not bench.queue.start(idle, "old")
    assert bench.queue.start(idle, "new")


def test_giving_back_twice_does_not_double() -> None:
    bench = Bench()
    bench.queue.put("a")
    bench.queue.take("old")
    bench.queue.give_back("old")
    bench.queue.give_back("old")
    assert bench.bodies("new") == ["a"]
    assert bench.bodies("new") == []


def test_closing_forgets_all_and_accepts_no_more() -> None:
    bench = Bench()
    handle = bench.queue.put("a")
    bench.queue.take("one")
    bench.queue.put("b", RETRY_S)
    bench.queue.close()
    assert bench.in_flight.pending() == []
    assert not bench.queue.start(handle, "one")
    with pytest.raises(ValueError, match="the queue of processor is closed"):
        bench.queue.put("c")
    assert bench.in_flight.pending() == []


def test_a_listener_hears_what_is_put_and_what_is_given_back() -> None:
    bench, alarm = Bench(), Alarm()
    bench.queue.listen(alarm)
    bench.queue.put("a")
    assert alarm.is_set()
    alarm.clear()
    bench.queue.take("one")
    bench.queue.give_back("one")
    assert alarm.is_set()
    alarm.clear()
    bench.queue.unlisten(alarm)
    bench.queue.put("b")
    assert not alarm.is_set()


def test_many_takers_share_without_loss_or_double() -> None:
    bench = Bench()
    taken: list[str] = []

    def taker(name: str) -> None:
        while len(taken) < 1000:
            for message in bench.queue.take(name):
                taken.append(message.body)
                bench.queue.remove(message.handle)

    threads = [threading.Thread(target=taker, args=(str(n),), daemon=True) for n in range(4)]
    for thread in threads:
        thread.start()
    for n in range(1000):
        bench.queue.put(str(n))
    for thread in threads:
        thread.join(ENOUGH_S)
    assert sorted(taken, key=int) == [str(n) for n in range(1000)]
    assert bench.in_flight.pending() == []

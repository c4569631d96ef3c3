"""Settle: quiet is reported only when there is nothing left, and what is left is named."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import InFlight

CHAIN = 200
ENOUGH_S = 30.0


def test_nothing_in_flight_settles_at_once() -> None:
    assert InFlight().settle(0) == []


def test_a_token_is_pending_until_it_is_given_back() -> None:
    register = InFlight()
    end = register.begin("s3.notification", "f", "bucket/key")
    assert register.settle(0) == [Pending("s3.notification", "f", "bucket/key")]
    end()
    assert register.settle(0) == []


def test_giving_a_token_back_twice_gives_back_no_other() -> None:
    register = InFlight()
    end = register.begin("hop", "f", "first")
    register.begin("hop", "f", "second")
    end()
    end()
    assert register.pending() == [Pending("hop", "f", "second")]


def test_a_block_that_fails_gives_its_token_back() -> None:
    register = InFlight()
    with pytest.raises(LookupError), register.doing("hop", "f", "work"):
        raise LookupError
    assert register.pending() == []


def test_a_probe_is_asked_and_a_forgotten_one_is_not() -> None:
    register = InFlight()
    register.watch("behind", lambda: [Pending("esm", "f", "3 records behind")])
    assert register.pending() == [Pending("esm", "f", "3 records behind")]
    register.unwatch("behind")
    register.unwatch("behind")
    assert register.pending() == []


def test_a_probe_that_fails_is_never_taken_for_quiet() -> None:
    register = InFlight()
    register.watch("broken", lambda: [Pending("never", "f", str(1 / 0))])
    [pending] = register.settle(0)
    assert pending.hop == "broken"
    assert "ZeroDivisionError" in pending.what


def test_settle_flushes_what_is_held_back() -> None:
    register = InFlight()
    buffer = ["record"]
    register.watch("buffer", lambda: [Pending("buffer", "f", item) for item in buffer], buffer.clear)
    assert register.settle(0) == []
    assert buffer == []


def test_a_flush_that_fails_is_pending_with_its_error_and_keeps_no_other_from_being_asked() -> None:
    register = InFlight()
    buffer = ["record"]

    def fail() -> None:
        raise LookupError("no such buffer")

    register.watch("broken", list, fail)
    register.watch("buffer", lambda: [Pending("buffer", "f", item) for item in buffer], buffer.clear)
    [pending] = register.settle(0)
    assert pending.hop == "broken"
    assert "LookupError: no such buffer" in pending.what
    assert buffer == []


def test_what_comes_last_is_flushed_when_nothing_else_is_in_flight() -> None:
    register = InFlight()
    counted = ["metric"]
    register.watch("last", lambda: [Pending("last", "f", item) for item in counted], counted.clear, last=True)
    end = register.begin("hop", "f", "work")
    assert register.settle(0) == [Pending("hop", "f", "work")]
    assert (counted, len(register.pending()), len(register.working())) == (["metric"], 2, 1)
    end()
    assert register.settle(0) == []
    assert counted == []


def test_a_settle_without_what_comes_last_neither_flushes_it_nor_waits_for_it() -> None:
    register = InFlight()
    counted = ["metric"]
    register.watch("last", lambda: [Pending("last", "f", item) for item in counted], counted.clear, last=True)
    assert register.settle(0, last=False) == []
    assert counted == ["metric"]


def test_a_settle_that_gives_up_names_all_that_is_in_flight_and_before_asks_no_more_than_it_has_to() -> None:
    register = InFlight()
    end = register.begin("hop", "f", "work")
    asked = []

    def probe() -> list[Pending]:
        asked.append(register.pending)
        return [Pending("behind", "f", "3 records")]

    register.watch("probe", probe)
    assert register.settle(0.05) == [Pending("hop", "f", "work"), Pending("behind", "f", "3 records")]
    assert len(asked) == 1
    end()


def test_settle_waits_for_work_that_causes_work() -> None:
    """Each link takes the next token before it gives up its own: settle must see the chain as one."""
    register = InFlight()
    done = []
    with ThreadPoolExecutor(4) as pool:

        def link(number: int, end: object) -> None:
            if number < CHAIN:
                pool.submit(link, number + 1, register.begin("hop", "f", f"link {number + 1}"))
            done.append(number)
            assert callable(end)
            end()

        pool.submit(link, 1, register.begin("hop", "f", "link 1"))
        assert register.settle(ENOUGH_S) == []
        assert len(done) == CHAIN


def test_settle_looks_twice_when_work_was_begun_during_the_first_look() -> None:
    """A probe that finds nothing while a token comes and goes: something moved, so it asks again."""
    register = InFlight()
    looks: list[int] = []

    def probe() -> list[Pending]:
        looks.append(len(looks))
        if len(looks) == 1:
            register.begin("hop", "f", "passing")()
        return []

    register.watch("probe", probe)
    assert register.settle(ENOUGH_S) == []
    assert len(looks) == 3


def test_also_when_its_time_is_over_settle_looks_twice_before_it_says_that_all_is_quiet() -> None:
    """What a probe that was asked already knows nothing of may have moved on meanwhile."""
    register = InFlight()
    buffer = ["record"]

    def moves_on() -> list[Pending]:
        if buffer:
            register.begin("hop", "f", buffer.pop())
        return []

    register.watch("buffer", moves_on)
    assert register.settle(0) == [Pending("hop", "f", "record")]


def test_settle_gives_up_when_its_time_is_over() -> None:
    register = InFlight()
    register.begin("hop", "f", "stuck")
    started = time.monotonic()
    assert register.settle(0.05) == [Pending("hop", "f", "stuck")]
    assert 0.05 <= time.monotonic() - started < ENOUGH_S


def test_settle_returns_when_another_thread_ends_the_work() -> None:
    register = InFlight()
    end = register.begin("hop", "f", "work")
    threading.Timer(0.02, end).start()
    assert register.settle(ENOUGH_S) == []


def test_what_comes_last_is_hurried_on_though_it_becomes_something_else_that_waits() -> None:
    in_flight, lines, metrics = InFlight(), ["a line"], list[str]()

    def hand_over_lines() -> None:
        metrics.extend(lines)
        lines.clear()

    # Metrics are asked first, and have none yet.
    in_flight.watch("metrics", lambda: [Pending("metrics", "", each) for each in metrics], metrics.clear, last=True)
    in_flight.watch("lines", lambda: [Pending("lines", "", each) for each in lines], hand_over_lines, last=True)
    in_flight.hurry_last(0.5)
    assert (lines, metrics) == ([], [])

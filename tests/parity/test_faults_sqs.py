"""Faults on messages from a queue to its function: each shows in what the function gets, and in the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parity.event_source_kit import until
from tests.parity.queue_source_kit import RAISES_AT_FIRST, SETTLE_S, VISIBILITY_S, Fixture
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

POINT = "sqs.delivery"
DELAY_S = 600.0


@pytest.fixture
def made(stack: EmbeddedStack, tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(stack, tmp_path)
    yield fixture
    stack.control.clear_faults()
    fixture.remove()


@pytest.mark.fault(POINT, "duplicate")
def test_a_duplicated_message_is_delivered_again_after_its_success(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.redrive(1)
    made.map(BatchSize=10)
    match = {"queue": made.name, "function": made.name, "content": "twice*"}
    with stack.faults.duplicate(POINT, match=match, copies=2) as fault:
        made.send("once", "twice and again")
        stack.settle(SETTLE_S)
        assert len(fault.firings()) == 1
    assert made.got()[0] == ["once", "twice and again"]
    assert made.got()[1:] == [["twice and again"], ["twice and again"]]
    assert made.counts() == (0, 0)
    assert made.dead() == []


def test_a_duplicated_message_that_fails_waits_for_its_visibility_timeout(made: Fixture, stack: EmbeddedStack) -> None:
    made.function(RAISES_AT_FIRST)
    made.map()
    with stack.faults.duplicate(POINT, match={"queue": made.name}, nth=1):
        made.send("m")
        made.become_visible()
        stack.settle(SETTLE_S)
    assert made.got() == [["m"], ["m"]]
    assert made.counts() == (0, 0)


@pytest.mark.fault(POINT, "delay")
def test_a_delayed_message_arrives_once_when_emulator_time_has_passed(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.redrive(1)
    made.map(BatchSize=1)
    with stack.faults.delay(POINT, match={"queue": made.name, "content": "late"}, delay_s=DELAY_S) as fault:
        made.send("late", "early")
        until(lambda: made.got() == [["early"]])
        until(lambda: made.counts() == (0, 1))
        [held] = [item for item in made.pending() if item.by_fault]
        assert (held.hop, held.resource) == (POINT, made.name)
        assert held.until == pytest.approx(stack.control.now() + DELAY_S, abs=10)
        stack.control.advance_clock(VISIBILITY_S)
        assert made.counts() == (0, 1)
        stack.control.advance_clock(DELAY_S - VISIBILITY_S)
        stack.settle(SETTLE_S)
        assert len(fault.firings()) == 1
    assert made.got() == [["early"], ["late"]]
    assert made.counts() == (0, 0)
    assert made.dead() == []


def test_a_message_that_is_held_back_is_gone_after_a_reset(made: Fixture, stack: EmbeddedStack) -> None:
    made.function()
    made.map()
    fault = {"point": POINT, "action": "delay", "match": {"queue": made.name}, "parameters": {"delay_s": DELAY_S}}
    stack.control.add_fault(fault)
    made.send("m")
    until(lambda: any(item.by_fault for item in made.pending()))
    stack.control.reset()
    stack.settle(SETTLE_S)
    made.send("after")
    stack.settle(SETTLE_S)
    assert made.got() == [["after"]]

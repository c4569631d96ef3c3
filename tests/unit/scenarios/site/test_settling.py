"""A site settles without waiting for emulator time, and never moves it on while something is at work."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wavetank.emulator.deliveries.queue import DelayQueue
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.inflight import InFlight
from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.scenarios.site import waiting
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.site.waiting import CONTROLLED, Controlled, next_due
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.unfinished import HELD_BACK, HIDDEN_MESSAGES, PROCESSORS, Unfinished

NOW = 1_900_000_000.0
PARTITIONER, PROCESSOR = "wavetank-partitioner", "wavetank-click-processor"
RETRY = Pending("lambda.async", PARTITIONER, "an event", NOW + 60)
AGAIN = Pending("lambda.event-source", PROCESSOR, "a batch", NOW + 0.4)
HELD = Pending("s3.notification", "wavetank-data", "a chunk", NOW + 600, by_fault=True)
HIDDEN = Pending("sqs.mapping", "wavetank-merges", "10 messages", NOW + 5400)
BUSY = Pending("lambda.invoke", PARTITIONER, "is running")
DUE = Pending("lambda.async", PARTITIONER, "an event that is with the function", NOW - 1)


class ScriptedStack:
    """A stack in whose flight there is what `looks` say, one look after the other, and then nothing."""

    account, region = "000000000000", "us-east-1"

    def __init__(self, *looks: list[Pending]) -> None:
        self._looks = list(looks)
        self.time = NOW
        self.moved_s: list[float] = []
        self.invoked = 0

    @property
    def control(self) -> "ScriptedStack":
        """The stack itself, as its control API."""
        return self

    def client(self, _service: str, **_: object) -> "ScriptedStack":
        """The stack itself, as the client of Lambda."""
        return self

    def pending(self, _timeout_s: float, *, telemetry: bool = True) -> list[Pending]:
        """The next look."""
        return self._looks.pop(0) if self._looks else []

    def now(self) -> float:
        """Emulator time."""
        return self.time

    def advance_clock(self, by_s: float) -> float:
        """Write down how far emulator time was moved."""
        self.moved_s.append(by_s)
        self.time += by_s
        return self.time


def site_of(stack: Any, way: Controlled = CONTROLLED) -> Site:
    schemas = project_root() / "schemas"
    return Site(stack, topology.load(schemas), schemas, way)


def test_time_is_moved_on_only_while_all_that_is_in_flight_waits_for_it() -> None:
    stack = ScriptedStack([RETRY, BUSY], [RETRY, HELD], [BUSY], [HELD], [RETRY, DUE])
    site_of(stack).settle()
    assert stack.moved_s == [60, 540]


def test_time_is_moved_to_when_the_first_is_due_and_no_further() -> None:
    stack = ScriptedStack([HIDDEN, AGAIN, HELD], [HIDDEN, HELD], [HIDDEN], [HIDDEN])
    site_of(stack).settle()
    assert stack.moved_s == pytest.approx([0.4, 599.6, 4800])


def test_what_never_settles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SETTLE_S", 0.0)
    with pytest.raises(NotSettled) as failure:
        site_of(ScriptedStack([BUSY], [BUSY], [BUSY])).settle()
    assert failure.value.pending == (BUSY,)


def test_settling_but_for_one_ends_when_it_is_alone_and_waits_and_moves_no_time() -> None:
    for way in (Controlled(), Controlled(eager=True)):
        stack = ScriptedStack([RETRY, BUSY, HELD], [HELD], [RETRY, BUSY], [DUE], [RETRY], [BUSY])
        site_of(stack, way).settle(Unfinished.of(PARTITIONER))
        assert (stack.moved_s, stack.pending(0)) == ([], [BUSY])


@pytest.mark.parametrize(
    ("unfinished", "items"),
    [
        (Unfinished.of(PARTITIONER), [RETRY, BUSY, DUE]),
        (PROCESSORS, [AGAIN]),
        (HELD_BACK, [HELD]),
        (HIDDEN_MESSAGES, [HIDDEN]),
    ],
)
def test_a_drill_says_by_fields_what_may_be_left(unfinished: Unfinished, items: list[Pending]) -> None:
    visible = Pending("sqs.mapping", "wavetank-merges", "10 messages")
    assert [item for item in (RETRY, AGAIN, HELD, HIDDEN, BUSY, DUE, visible) if item in unfinished] == items


@pytest.mark.parametrize("holding_up", [AGAIN, HELD])
def test_who_waits_eagerly_moves_time_on_for_what_keeps_others_waiting(holding_up: Pending) -> None:
    assert next_due([BUSY, holding_up, HIDDEN], NOW, eager=True) == holding_up.until
    assert next_due([BUSY, holding_up, HIDDEN], NOW) is None


def test_hidden_messages_wait_for_emulator_time_unless_a_function_works_on_them() -> None:
    for eager in (False, True):
        assert next_due([HIDDEN], NOW, eager=eager) == HIDDEN.until
        assert next_due([HIDDEN, Pending("lambda.queue-source", "f", "a batch")], NOW, eager=eager) is None


def test_an_invocation_that_is_tried_again_later_says_so() -> None:
    in_flight = InFlight()
    queue = DelayQueue("lambda.async", "f", in_flight=in_flight)
    queue.put("now")
    [now] = in_flight.pending()
    queue.discard()
    queue.put("later", delay_s=60)
    [later] = in_flight.pending()
    assert now.until is None
    assert later.until == pytest.approx(queue_due(queue), abs=1)
    assert (now.resource, later.resource, later.by_fault) == ("f", "f", False)


def queue_due(queue: DelayQueue) -> float:
    from wavetank.emulator.runtime.clock import CLOCK

    return CLOCK.now() + (queue.until_next() or 0.0)


@pytest.mark.parametrize(
    ("way", "but", "moved_s"),
    [(Controlled(eager=True), None, [600]), (Controlled(eager=True), HELD_BACK, []), (Controlled(), None, [])],
)
def test_a_tick_moves_time_on_for_what_holds_it_up_only_where_it_waits_eagerly_and_for_everything(
    monkeypatch: pytest.MonkeyPatch, way: Controlled, but: Unfinished | None, moved_s: list[float]
) -> None:
    monkeypatch.setattr(waiting, "LOOK_S", 0.01)
    stack = ScriptedStack([HELD, BUSY]) if moved_s else ScriptedStack()
    monkeypatch.setattr(Site, "_invoke", invocation(lambda: stack.moved_s == moved_s))
    assert site_of(stack, way).tick(Scheduled.REPLAYER, datetime.now(UTC), but) == {}
    assert stack.moved_s == moved_s


def invocation(may_end: Callable[[], bool]) -> Callable[..., tuple[bool, str]]:
    """An invocation that ends well once it may."""
    from tests.parity.event_source_kit import until

    def invoke(_site: Site, _function: str, _payload: bytes) -> tuple[bool, str]:
        until(may_end)
        return True, "{}"

    return invoke

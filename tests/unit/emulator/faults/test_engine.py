"""The register of faults: the first that would fire acts, every firing is logged, and threads change nothing."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from wavetank.emulator.faults.engine import Faults, Firing
from wavetank.emulator.faults.model import InvalidFaultError
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.runtime.clock import Clock

KEYS = [f"chunks/{n}" for n in range(400)]


def fault(action: str = "drop", **fields: Any) -> dict[str, Any]:
    return {"point": Point.S3_NOTIFICATION, "action": action, **fields}


def fire(faults: Faults, key: str) -> Firing | None:
    return faults.fire(Point.S3_NOTIFICATION, {"bucket": "b", "key": key}, f"b/{key}")


def test_nothing_fires_while_no_fault_is_set() -> None:
    faults = Faults()
    assert fire(faults, "k") is None
    assert not faults.armed(Point.S3_NOTIFICATION)


def test_a_fault_at_one_point_leaves_the_others_alone() -> None:
    faults = Faults()
    faults.add(fault())
    assert faults.armed(Point.S3_NOTIFICATION)
    assert faults.fire(Point.SNS_DELIVERY, {"topic": "t"}, "t") is None


def test_an_identity_is_asked_once_and_only_for_an_event_that_a_fault_matches() -> None:
    faults, asked = Faults(), list[str]()

    def identity() -> str:
        asked.append("asked")
        return "b/k"

    def concerns(point: Point, **target: str) -> bool:
        before = len(asked)
        faults.fire(point, target, identity)
        return len(asked) > before

    assert not concerns(Point.S3_NOTIFICATION, bucket="b", key="k1")
    for _ in range(2):
        faults.add(fault(match={"key": "k*"}, when={"nth": 2}))
    assert concerns(Point.S3_NOTIFICATION, bucket="b", key="k1")
    assert not concerns(Point.S3_NOTIFICATION, bucket="b", key="other")
    assert not concerns(Point.SNS_DELIVERY, topic="t")
    assert asked == ["asked"]
    assert fire(faults, "k1") is not None


def test_a_firing_is_in_the_log_when_fire_returns() -> None:
    faults = Faults()
    faults.add(fault("delay", id="late", match={"key": "k*"}, parameters={"delay_s": 5}))
    firing = fire(faults, "k1")
    assert firing is not None
    assert faults.activity() == [firing]
    assert (firing.fault, firing.action, firing.seconds()) == ("late", Action.DELAY, 5.0)
    assert (firing.target, firing.identity) == ({"bucket": "b", "key": "k1"}, "b/k1")


def test_match_takes_patterns_and_case_counts() -> None:
    faults = Faults()
    faults.add(fault(match={"bucket": "b", "key": "chunks/*.avro"}))
    keys = ["chunks/a.avro", "chunks/a/b.avro", "Chunks/a.avro", "chunks/a.json"]
    assert [fire(faults, key) is not None for key in keys] == [True, True, False, False]


def test_of_the_faults_that_would_fire_the_first_that_was_added_acts() -> None:
    faults = Faults()
    faults.add(fault("drop", id="second-only", when={"nth": 2}))
    faults.add(fault("duplicate", id="always"))
    assert [firing.fault for key in "abc" if (firing := fire(faults, key))] == [
        "always",
        "second-only",
        "always",
    ]


def test_only_events_that_match_are_counted() -> None:
    faults = Faults()
    faults.add(fault(match={"key": "a*"}, when={"nth": 2}))
    assert [fire(faults, key) is not None for key in ("a1", "b1", "b2", "a2", "a3")] == [
        False,
        False,
        False,
        True,
        False,
    ]
    [status] = faults.statuses()
    assert (status.matched, status.fired) == (3, 1)


def test_count_limits_how_often_a_fault_fires() -> None:
    faults = Faults()
    faults.add(fault(when={"count": 2}))
    assert sum(fire(faults, key) is not None for key in KEYS) == 2


def test_a_window_counts_emulator_time_from_when_the_fault_was_added() -> None:
    clock = Clock()
    clock.advance(1000)
    faults = Faults(clock)
    faults.add(fault(when={"window": [60, 120]}))
    hit = []
    for _ in range(3):
        hit.append(fire(faults, "k") is not None)
        clock.advance(60)
    assert hit == [False, True, False]


def test_the_same_seed_fires_at_the_same_events_whatever_the_threads_do() -> None:
    def firings(order: list[str], threads: int) -> set[tuple[str, str]]:
        faults = Faults()
        faults.add(fault("drop", id="one", when={"probability": 0.3}, seed=5))
        faults.add(fault("duplicate", id="two", when={"probability": 0.3}, seed=5))
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda key: fire(faults, key), order))
        return {(firing.fault, firing.identity) for firing in faults.activity()}

    shuffled = random.Random(1).sample(KEYS, len(KEYS))
    once = firings(KEYS, threads=1)
    assert once == firings(shuffled, threads=8)
    assert {name for name, _ in once} == {"one", "two"}


def test_a_retry_of_the_same_event_is_not_doomed_by_a_share() -> None:
    faults = Faults()
    faults.add(fault(when={"probability": 0.5}))
    assert {fire(faults, "k") is not None for _ in range(40)} == {True, False}


def test_removing_and_clearing_heal_and_keep_the_log() -> None:
    faults = Faults()
    faults.add(fault(id="one", when={"count": 1}))
    faults.add(fault(id="two"))
    fire(faults, "k")
    assert faults.remove("one")
    assert not faults.remove("one")
    assert faults.clear() == 1
    assert fire(faults, "k") is None
    assert len(faults.activity()) == 1
    faults.forget_activity()
    assert faults.activity() == []


def test_an_id_is_taken_once() -> None:
    faults = Faults()
    faults.add(fault(id="fault-1"))
    assert faults.add(fault()).id == "fault-2"
    with pytest.raises(InvalidFaultError, match="there is a fault with id 'fault-1' already"):
        faults.add(fault(id="fault-1"))


def test_the_log_is_read_in_pages() -> None:
    faults = Faults()
    faults.add(fault())
    for key in KEYS[:10]:
        fire(faults, key)
    assert [firing.number for firing in faults.activity(after=3, limit=2)] == [4, 5]
    assert faults.activity(after=10) == []
    faults.forget_activity()
    fire(faults, "k")
    assert [firing.number for firing in faults.activity(after=0)] == [11]


def test_asking_costs_next_to_nothing_while_no_fault_is_set() -> None:
    """The bound is a hundred times what it takes, so that a busy machine does not fail it."""
    faults = Faults()
    target = {"bucket": "b", "key": "k"}
    started = time.thread_time()
    for _ in range(10_000):
        faults.fire(Point.S3_NOTIFICATION, target, "b/k")
    assert (time.thread_time() - started) / 10_000 < 20e-6


def test_a_changed_fault_keeps_its_place_and_counts_anew() -> None:
    faults = Faults()
    faults.add(fault(id="one", when={"nth": 1}))
    faults.add(fault("duplicate", id="two"))
    assert [fire(faults, key).fault for key in "ab"] == ["one", "two"]  # type: ignore[union-attr]
    changed = faults.change("one", {"match": {"key": "c"}})
    assert changed is not None
    assert (changed.match, changed.when.nth) == ({"key": "c"}, frozenset({1}))
    assert [fire(faults, key).fault for key in "bc"] == ["two", "one"]  # type: ignore[union-attr]
    assert faults.change("three", {}) is None
    with pytest.raises(InvalidFaultError, match="cannot be changed"):
        faults.change("one", {"id": "three"})
    with pytest.raises(InvalidFaultError, match="no action"):
        faults.change("one", {"action": "explode"})


def test_the_second_event_of_an_identity_says_so() -> None:
    faults = Faults()
    faults.add(fault())
    identities = [firing.identity for key in ("a", "b", "a", "a") if (firing := fire(faults, key))]
    assert identities == ["b/a", "b/b", "b/a#2", "b/a#3"]


@pytest.mark.parametrize(
    "takes_away",
    [
        lambda faults: faults.remove("one"),
        lambda faults: faults.clear(),
        lambda faults: faults.change("one", {"seed": 1}),
        lambda faults: faults.replace("on", []),
    ],
)
def test_a_firing_says_when_its_fault_is_gone(takes_away: Any) -> None:
    faults = Faults()
    faults.add(fault(id="one"))
    firing = fire(faults, "k")
    assert firing is not None
    assert not firing.gone.is_set()
    takes_away(faults)
    assert firing.gone.is_set()
    again = fire(faults, "k")
    assert again is None or not again.gone.is_set()

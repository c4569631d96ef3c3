"""The events that a fault fires at depend on the fault and the event, never on order, threads or the fault's name."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from wavetank.emulator.faults.decide import Occasion, fires
from wavetank.emulator.faults.model import Fault, When, Window
from wavetank.emulator.faults.points import Action, Point

FAULT = Fault("f", Point.S3_NOTIFICATION, Action.DROP)
IDENTITIES = st.lists(st.text(max_size=20), unique=True, max_size=50)


def fired(fault: Fault, identities: list[str]) -> set[str]:
    """The identities that `fault` fires at when they come in this order."""
    return {i for n, i in enumerate(identities, 1) if fires(fault, Occasion(n, i))}


def fired_numbers(when: When, of: int) -> list[int]:
    """The numbers of those of the first `of` events that a fault fires at, if it fired at none before."""
    fault = replace(FAULT, when=when)
    return [n for n in range(1, of + 1) if fires(fault, Occasion(n, str(n)))]


@given(IDENTITIES, st.integers(), st.floats(0, 1), st.randoms(use_true_random=False))
def test_a_share_is_the_same_in_every_order(
    identities: list[str], seed: int, probability: float, random: Random
) -> None:
    fault = replace(FAULT, seed=seed, when=When(probability=probability))
    shuffled = random.sample(identities, len(identities))
    assert fired(fault, identities) == fired(fault, shuffled)


@given(IDENTITIES)
def test_a_share_of_none_fires_at_nothing_and_of_one_everybody(identities: list[str]) -> None:
    assert fired(replace(FAULT, when=When(probability=0.0)), identities) == set()
    assert fired(replace(FAULT, when=When(probability=1.0)), identities) == set(identities)


@given(IDENTITIES)
def test_the_name_of_a_fault_has_no_say(identities: list[str]) -> None:
    fault = replace(FAULT, when=When(probability=0.5))
    assert fired(fault, identities) == fired(replace(fault, id="another"), identities)


def test_a_share_is_about_that_share_and_the_seed_picks_whom() -> None:
    identities = [f"bucket/key-{n}" for n in range(10_000)]
    picked = [fired(replace(FAULT, seed=seed, when=When(probability=0.1)), identities) for seed in range(3)]
    assert all(850 < len(some) < 1150 for some in picked)
    assert len(picked[0] & picked[1]) < 200


def test_a_repeat_of_the_same_event_is_decided_anew() -> None:
    fault = replace(FAULT, when=When(probability=0.5))
    verdicts = {fires(fault, Occasion(1, "bucket/key", repeat)) for repeat in range(50)}
    assert verdicts == {True, False}


def test_no_condition_always_fires() -> None:
    assert fired_numbers(When(), of=4) == [1, 2, 3, 4]


def test_nth_fires_at_those_alone() -> None:
    assert fired_numbers(When(nth=frozenset({2, 4})), of=6) == [2, 4]


def test_every_fires_at_multiples() -> None:
    assert fired_numbers(When(every=3), of=9) == [3, 6, 9]


def test_count_is_the_most_firings() -> None:
    fault = replace(FAULT, when=When(count=2))
    assert [fires(fault, Occasion(9, "x", fired=fired)) for fired in range(4)] == [True, True, False, False]


def test_a_window_opens_and_closes() -> None:
    fault = replace(FAULT, when=When(window=Window(10, 20)))
    open_at = [s for s in (0.0, 9.9, 10.0, 19.9, 20.0) if fires(fault, Occasion(1, "x", elapsed_s=s))]
    assert open_at == [10.0, 19.9]


def test_all_conditions_must_hold() -> None:
    assert fired_numbers(When(nth=frozenset({2, 3, 4}), every=2), of=6) == [2, 4]

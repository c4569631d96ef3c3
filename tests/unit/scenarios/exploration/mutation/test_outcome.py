"""Enough is killed when at most one change of twenty is not, and each of those is judged."""

import pytest

from wavetank.scenarios.exploration.mutants.hunt import DEPLOY, MutantResult
from wavetank.scenarios.exploration.mutation.campaign import fate_of, judged
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.judgements import Judgements
from wavetank.scenarios.exploration.mutation.outcome import Fate, Outcome, is_enough
from wavetank.scenarios.exploration.mutation.table import document

CHANGE = Change("core/a.py", "number", 7, "f", "limit = 1", "limit = 2", "limit = 2\n")
KILLED = Outcome(CHANGE, Fate.UNITS, "test_a.py::test_b")


@pytest.mark.parametrize(
    ("killed", "others", "enough"),
    [
        (20, [], True),
        (19, [Fate.EQUIVALENT], True),
        (19, [Fate.SURVIVED], False),
        (19, [Fate.INCONCLUSIVE], False),
        (18, [Fate.EQUIVALENT, Fate.EQUIVALENT], False),
    ],
)
def test_enough_are_killed(killed: int, others: list[Fate], enough: bool) -> None:
    assert is_enough([*[KILLED] * killed, *(Outcome(CHANGE, fate) for fate in others)]) is enough


@pytest.mark.parametrize(
    ("drill", "inconclusive", "fate"),
    [
        (DEPLOY, (), Fate.DEPLOY),
        ("control", (), Fate.BASICS),
        ("duplicates", (), Fate.BASICS),
        ("late-write", (), Fate.CATALOGUE),
        ("", ("late-write",), Fate.INCONCLUSIVE),
        ("", (), Fate.SURVIVED),
    ],
)
def test_the_fate_of_a_change_is_by_who_caught_it(drill: str, inconclusive: tuple[str, ...], fate: Fate) -> None:
    assert fate_of(MutantResult(CHANGE, drill, "", inconclusive)) is fate


def test_what_is_judged_has_its_reason() -> None:
    judgements = Judgements({("core/a.py", "limit = 1", "limit = 2"): "Unused."})
    assert list(judged({3: CHANGE}, judgements)) == [(3, Outcome(CHANGE, Fate.EQUIVALENT, detail="Unused."))]


def test_the_document_counts_fates_by_component_and_has_every_change() -> None:
    told = document([KILLED, Outcome(CHANGE, Fate.SURVIVED)], seed=1)
    assert told["seed"] == 1
    assert told["components"] == {"core": {"units": 1, "survived": 1}, "all": {"units": 1, "survived": 1}}
    assert [entry["fate"] for entry in told["changes"]] == ["units", "survived"]

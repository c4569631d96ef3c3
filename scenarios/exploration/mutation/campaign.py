"""A campaign: a sample of changes, each tried by unit tests, then by the basics, then by all other drills.

The first that fails with a change, and passes without it, has killed it. What all pass with is equivalent where
somebody has judged so, with a reason, and else a survivor.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack

from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.exploration.mutants.hunt import DEPLOY, Hunt, MutantResult, Narrate
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.judgements import Judgements
from wavetank.scenarios.exploration.mutation.outcome import Fate, Outcome
from wavetank.scenarios.exploration.mutation.unit_tests import Soundness, UnitTests
from wavetank.scenarios.run.parallel import shared
from wavetank.scenarios.spec.drill import Tag

Numbered = Mapping[int, Change]
"""Changes by their number in the sample."""
PYTEST = "pytest"
"""Stands for a test where none is to blame: they did not begin, or did not end."""


def by_unit_tests(changes: Numbered, narrators: Sequence[Narrate]) -> Iterator[tuple[int, Outcome]]:
    """The changes that unit tests kill, as they are killed, in a copy of the checkout for each narrator."""
    soundness = Soundness()
    with ExitStack() as copies:

        def one(worker: tuple[UnitTests, Narrate], change: Change) -> Outcome | None:
            tests, tell = worker
            tell(change.name)
            failure = tests.failure(change)
            if failure is None:
                return None
            return Outcome(change, Fate.UNITS, failure.test or PYTEST, failure.detail)

        workers = [(copies.enter_context(UnitTests.copied(soundness)), narrate) for narrate in narrators]
        numbers = list(changes)
        for position, outcome in shared(workers, changes.values(), one):
            if outcome is not None:
                yield numbers[position], outcome


def judged(changes: Numbered, judgements: Judgements) -> Iterator[tuple[int, Outcome]]:
    """The changes that are judged to be equivalent, with the reason."""
    for number, change in changes.items():
        if reason := judgements.reason(change):
            yield number, Outcome(change, Fate.EQUIVALENT, detail=reason)


def by_drills(changes: Numbered, hunts: Iterable[Hunt]) -> Iterator[tuple[int, Outcome]]:
    """What becomes of each change in a hunt, as it ends."""
    numbers = list(changes)
    for position, result in shared(list(hunts), changes.values(), Hunt.run):
        number = numbers[position]
        yield number, Outcome(changes[number], fate_of(result), result.drill, result.detail)


def fate_of(result: MutantResult) -> Fate:
    """The fate that a hunt has found."""
    if result.drill == DEPLOY:
        return Fate.DEPLOY
    if not result.drill:
        return Fate.INCONCLUSIVE if result.inconclusive else Fate.SURVIVED
    drill = catalogue()[result.drill]
    return Fate.BASICS if drill.is_control or Tag.BASICS in drill.tags else Fate.CATALOGUE

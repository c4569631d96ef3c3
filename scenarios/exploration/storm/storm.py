"""Storms: random workloads under random faults, judged like any drill; one that fails is shrunk and saved.

Round n of a seed is the same drill every time. The workloads are drawn from a few shapes, so that the control of each,
with whose bytes a storm's are compared, is run once.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from wavetank.scenarios.exploration.storm import hazards, replay
from wavetank.scenarios.exploration.storm.shrink import smallest
from wavetank.scenarios.oracle.evidence import Finding, Verdict
from wavetank.scenarios.run.parallel import Controls, hold
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.spec.nemesis import Nemesis
from wavetank.scenarios.spec.steps import Settle, Step, Tick
from wavetank.scenarios.workload.workload import Workload

SHAPES = (
    Workload(events=60, hours=1, portions=1),
    Workload(events=120, hours=2, portions=2, tight=True),
    Workload(events=200, hours=3, portions=3),
)
MOST_FAULTS = 5
REPEATS_ONCE_IN = 4
MOST_TICKS = 2
NOT_ASKED = frozenset({"faults-fired"})
"""Of a storm's faults some find nothing to strike; that is no news."""

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class StormRound:
    """The outcome of one round: its drill, and what the checkers found; smallest and file: of one that failed."""

    number: int
    drill: Drill
    report: Report
    smallest: Drill | None = None
    file: Path | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict on the round; a round of which no fault struck passes like a control."""
        return verdict_of(self.report)


def drill_of(seed: int, number: int, schemas: str = "") -> Drill:
    """The drill of round `number` (from 1), on these schemas (see `Workload`); pure."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable, not secret
    nemeses: tuple[Nemesis, ...] = hazards.schedule(rng, MOST_FAULTS)
    if rng.randrange(REPEATS_ONCE_IN) == 0:
        nemeses += (ProducerRepeats(share=round(rng.uniform(0.05, 0.5), 2)),)
    during: list[Step] = [Settle()]
    for _ in range(rng.randint(0, MOST_TICKS)):
        during += [Tick(rng.choice(list(Scheduled))), Settle()]
    name = f"storm-{seed}-{number}"
    hypothesis = "Whatever goes wrong at once, what is at rest in the end is what a calm day would have left."
    workload = replace(rng.choice(SHAPES), schemas=schemas)
    return Drill(name, hypothesis, nemeses, tuple(during), workload=workload, sets_aside=None, alarms=None)


def findings(report: Report) -> list[Finding]:
    """The findings that did not pass, without those that a storm is not asked for."""
    return [finding for finding in report.not_passed if finding.checker not in NOT_ASKED]


def verdict_of(report: Report) -> Verdict:
    """The worst of the findings that a storm is asked for."""
    verdicts = {finding.verdict for finding in findings(report)}
    return next((worst for worst in (Verdict.FAIL, Verdict.INCONCLUSIVE) if worst in verdicts), Verdict.PASS)


@dataclass
class Storm:
    """Rounds of one seed, held by `runner`; what fails is saved below `folder`.

    schemas: what the runner's pipeline is deployed from, see `Workload`.
    """

    runner: Runner
    seed: int
    folder: Path
    narrate: Narrate = lambda _what: None
    schemas: str = ""
    _controls: Controls = field(default_factory=dict)

    def round(self, number: int) -> StormRound:
        """Hold this round of the seed."""
        return self.weather(number, drill_of(self.seed, number, self.schemas))

    def weather(self, number: int, drill: Drill) -> StormRound:
        """Hold a drill as round `number`; where it fails, shrink and save it."""
        self.narrate(f"round {number}, {len(drill.nemeses)} troubles")
        outcome = StormRound(number, drill, self._hold(drill))
        if outcome.verdict is not Verdict.FAIL:
            return outcome

        def fails(nemeses: Sequence[Nemesis]) -> bool:
            self.narrate(f"round {number} failed: trying {len(nemeses)} of {len(drill.nemeses)} troubles")
            return verdict_of(self._hold(replace(drill, nemeses=tuple(nemeses)))) is Verdict.FAIL

        least = replace(drill, nemeses=tuple(smallest(drill.nemeses, fails)))
        file = self.folder / f"{drill.name}.json"
        replay.save(least, self.seed, file)
        return replace(outcome, smallest=least, file=file)

    def _hold(self, drill: Drill) -> Report:
        return list(hold([self.runner], [drill], self.seed, self._controls))[-1]

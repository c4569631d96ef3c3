"""Hunts mutants: deploys each in the place of the pipeline and holds drills until one fails.

A drill is believed only if it passes with the pipeline as it is, and a mutant's runs are compared with the control of
that one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from wavetank.emulator.deploy import functions
from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.exploration.mutants.mutant import Mutant, UnusableMutantError, packed
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.parallel import Controls, hold
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.workload.workload import Workload

WORKLOAD = Workload(events=300, hours=2, portions=3)

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class MutantResult:
    """The outcome of a mutant: the drill that caught it and how; `drill` is empty where none did."""

    mutant: Mutant
    drill: str
    detail: str

    def document(self) -> dict[str, Any]:
        """The outcome as plain data."""
        caught = {"caught": bool(self.drill), "drill": self.drill, "detail": self.detail}
        return {"mutant": self.mutant.name, "what": self.mutant.what, **caught}


@dataclass
class Hunt:
    """A hunt on the stack of `runner`; `quick`: only the drills that a mutant names are held."""

    runner: Runner
    seed: int
    narrate: Narrate = lambda _what: None
    quick: bool = False
    _sound: dict[str, bool] = field(default_factory=dict)
    _controls: Controls = field(default_factory=dict)

    def run(self, mutant: Mutant) -> MutantResult:
        """Hunt a mutant until a drill catches it that passes without it. The pipeline is what it was in the end."""
        self.narrate("the control, without a mutant")
        self._hold(catalogue()[CONTROL])
        try:
            archive = packed(mutant)
        except UnusableMutantError as error:
            return MutantResult(mutant, "", str(error))
        stack = self.runner.site.stack
        names = self.runner.site.topology.functions
        while True:
            functions.update_code(stack, names, archive)
            try:
                result = self._drilled(mutant)
            finally:
                stack.control.reset()
                functions.update_code(stack, names, packed())
            drill = result.drill
            if drill and drill not in self._sound:
                self.narrate(f"without a mutant: {drill}")
                self._sound[drill] = not self._failure(drill)
            if not drill or self._sound[drill]:
                return result

    def _drilled(self, mutant: Mutant) -> MutantResult:
        """The result of the first drill that fails; the declared ones are tried first, then all others.

        A drill that fails with the pipeline as it is says nothing about mutants.
        """
        names = dict.fromkeys(mutant.drills)
        if not self.quick:
            names |= dict.fromkeys(name for name, drill in catalogue().items() if not drill.is_control)
        for name in names:
            if not self._sound.get(name, True):
                continue
            self.narrate(f"{mutant.name}: {name}")
            if failure := self._failure(name):
                return MutantResult(mutant, name, failure)
        return MutantResult(
            mutant, "", f"not noticed by {', '.join(mutant.drills)}" if self.quick else "no drill noticed"
        )

    @property
    def unsound(self) -> set[str]:
        """The drills that failed without a mutant."""
        return {name for name, is_sound in self._sound.copy().items() if not is_sound}

    def _failure(self, name: str) -> str:
        """The first failure of a drill now; empty where it does not fail."""
        report = self._hold(catalogue()[name])[-1]
        failures = (finding for finding in report.not_passed if finding.verdict is Verdict.FAIL)
        return next((f"{finding.checker}: {finding.detail}" for finding in failures), "")

    def _hold(self, drill: Drill) -> list[Report]:
        return list(hold([self.runner], [replace(drill, workload=WORKLOAD)], self.seed, self._controls))


def unsound(hunts: Iterable[Hunt]) -> list[str]:
    """The drills that failed without a mutant in any of these hunts."""
    return sorted(set[str]().union(*(hunt.unsound for hunt in hunts)))

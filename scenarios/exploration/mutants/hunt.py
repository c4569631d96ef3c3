"""Hunts mutants: deploys each in the place of the pipeline and holds drills until one fails.

Every drill has its own workload, as it has without mutants. A drill is believed only if it passes with the pipeline as
it is, and a mutant's runs are compared with the controls of that one. Functions get the mutant's code, and so does the
back-fill. A mutant that makes another template is deployed on a stack of its own, from nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from threading import Thread
from typing import Any

from botocore.exceptions import ClientError

from wavetank.emulator.deploy import functions
from wavetank.emulator.deploy.deploy import Templates
from wavetank.emulator.deploy.functions import UpdateFailed
from wavetank.emulator.errors import DeployFailed
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.exploration.mutants.build import (
    Build,
    Change,
    UndeployableError,
    UnusableMutantError,
    archives,
    built,
)
from wavetank.scenarios.exploration.mutants.raced import RaceHunt
from wavetank.scenarios.oracle.evidence import Verdict
from wavetank.scenarios.run.parallel import Controls, hold, own_stacks
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.runner import Runner, control_of
from wavetank.scenarios.run.skips import sort_out
from wavetank.scenarios.run.stages import SETTLED
from wavetank.scenarios.site.checkout import modules
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill, Tag

Narrate = Callable[[str], None]

DEPLOY = "deploy"
"""Stands for a drill where a mutant cannot even be deployed."""
DRILL_S = 300.0
"""By the wall clock. No drill takes a fifth of it on a machine that has nothing else to do."""


class UnendingError(Exception):
    """A drill with a mutant did not come to its end in time; its stack may be at work for long, and is given up."""


@dataclass(frozen=True)
class MutantResult:
    """The outcome of a mutant: the drill that caught it and how; `drill` is empty where none did, or `DEPLOY`.

    inconclusive: the drills that came to no verdict with it, twice, and to one without it: it did not go unnoticed.
    """

    mutant: Change
    drill: str
    detail: str
    inconclusive: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "mutant": self.mutant.name,
            "what": self.mutant.what,
            "caught": bool(self.drill),
            "drill": self.drill,
            "detail": self.detail,
            "inconclusive": list(self.inconclusive),
        }


@dataclass
class Hunt:
    """A hunt on the stack of `runner`.

    quick: only what a mutant names is held, its races before its drills. blind: what a mutant names counts for nothing;
    the control and the basics are held first, then all others. Both: the control and the basics alone. drill_s: a drill
    that takes longer with a mutant has caught it, and the hunt goes on with another stack.
    """

    runner: Runner
    seed: int
    narrate: Narrate = lambda _what: None
    quick: bool = False
    blind: bool = False
    drill_s: float = DRILL_S
    _sound: dict[str, bool] = field(default_factory=dict)
    _controls: Controls = field(default_factory=dict)
    _races: RaceHunt | None = None
    _stacks: ExitStack = field(default_factory=ExitStack)

    def run(self, mutant: Change) -> MutantResult:
        """Hunt a mutant until a drill catches it that passes without it. The pipeline is what it was in the end."""
        drills = self._drills(mutant)
        for drill in drills:
            if drill.workload not in self._controls and not drill.ages:
                self.narrate(f"without a mutant: the control of {drill.name}")
                list(hold([self.runner], [control_of(drill)], self.seed, self._controls))
        if self._races is None:
            self._races = RaceHunt(self.runner.site, self.seed, self.narrate)
        if not self.blind:
            self._races.prepare(mutant)
        while True:
            try:
                with built(mutant) as build, self._deployed(build) as runner:
                    result = self._raced(build, mutant, self._races) or self._drilled(runner, mutant, drills)
            except UnendingError as error:
                result = MutantResult(mutant, str(error), f"did not settle within {self.drill_s:g} s")
            except UnusableMutantError as error:
                return MutantResult(mutant, "", str(error))
            except UndeployableError as error:
                return MutantResult(mutant, DEPLOY, str(error))
            if not result.drill or self._is_sound(result.drill):
                return replace(result, inconclusive=tuple(filter(self._is_sound, result.inconclusive)))

    @contextmanager
    def _deployed(self, build: Build) -> Iterator[Runner]:
        """A runner on a stack with a build, for as long as the block lasts. Raises UndeployableError."""
        with ExitStack() as ending:
            site = self.runner.site
            if build.templates is not None:
                site = ending.enter_context(self._own_site(build.templates))
            try:
                functions.update_code(site.stack, archives(site.topology, modules(build.checkout)))
            except (UpdateFailed, ClientError) as error:
                raise UndeployableError(str(error)) from error
            if build.templates is None:
                ending.callback(functions.update_code, site.stack, archives(site.topology))
                ending.callback(site.stack.control.reset)
            try:
                yield replace(self.runner, site=replace(site, checkout=build.checkout))
            except UnendingError:
                if build.templates is None:
                    ending.pop_all()
                    self._renew_stack()
                raise

    def _renew_stack(self) -> None:
        """Go on with a new stack, which lasts as long as the process; the one before ends, whatever it is at."""
        with suppress(Exception):
            self.runner.site.stack.down()
        renewed = own_stacks(1, lambda _name, what: self.narrate(what), eager=True)
        [site] = self._stacks.enter_context(renewed)
        self.runner = replace(self.runner, site=site)
        self._races = None

    @contextmanager
    def _own_site(self, templates: Templates) -> Iterator[Site]:
        """A stack of its own with these templates, for as long as the block lasts. Raises UndeployableError."""
        with ExitStack() as ending:
            stacks = own_stacks(1, lambda _name, what: self.narrate(what), eager=True, templates=templates)
            try:
                [site] = ending.enter_context(stacks)
            except (DeployFailed, ClientError) as error:
                raise UndeployableError(str(error)) from error
            yield site

    def _drills(self, mutant: Change) -> list[Drill]:
        """The drills to hold, in their order; none that the stack cannot hold, or that deploys the sound pipeline."""
        names = dict.fromkeys(() if self.blind else mutant.drills)
        if self.blind:
            names |= {name: None for name, drill in catalogue().items() if drill.is_control or Tag.BASICS in drill.tags}
        if not self.quick:
            names |= dict.fromkeys(catalogue())
        drills = (catalogue()[name] for name in names)
        mutated = [drill for drill in drills if not any(nemesis.deploys for nemesis in drill.nemeses)]
        return sort_out(mutated, self.runner.site.stack)[0]

    def _raced(self, build: Build, mutant: Change, races: RaceHunt) -> MutantResult | None:
        """The result of the first race that fails, of those that the mutant names; None where none does.

        A changed template has a stack of its own, and no races there.
        """
        caught = None if self.blind or build.templates is not None else races.catch(mutant)
        return MutantResult(mutant, *caught) if caught is not None else None

    def _drilled(self, runner: Runner, mutant: Change, drills: list[Drill]) -> MutantResult:
        """The result of the first drill that fails.

        A drill that does not pass with the pipeline as it is says nothing about mutants.
        """
        inconclusive: list[str] = []
        for drill in drills:
            if not self._sound.get(drill.name, True):
                continue
            self.narrate(f"{mutant.name}: {drill.name}")
            report = self._held(runner, drill)
            if report.verdict is Verdict.INCONCLUSIVE:
                report = self._held(runner, drill)
            failures = [finding for finding in report.not_passed if finding.verdict is Verdict.FAIL]
            failures = failures or [finding for finding in report.not_passed if finding.checker == SETTLED]
            if failures:
                detail = f"{failures[0].checker}: {failures[0].detail}"
                return MutantResult(mutant, drill.name, detail, tuple(inconclusive))
            if report.verdict is Verdict.INCONCLUSIVE:
                inconclusive.append(drill.name)
        unnoticed = f"not noticed by {', '.join(drill.name for drill in drills)}" if self.quick else "no drill noticed"
        return MutantResult(mutant, "", unnoticed, tuple(inconclusive))

    def _is_sound(self, name: str) -> bool:
        """Whether a drill passes without a mutant; what a race has to leave was learnt without one."""
        if name not in catalogue():
            return True
        if name not in self._sound:
            self.narrate(f"without a mutant: {name}")
            try:
                self._sound[name] = self._held(self.runner, catalogue()[name]).verdict is Verdict.PASS
            except UnendingError:
                self._sound[name] = False
                self._renew_stack()
        return self._sound[name]

    @property
    def unsound(self) -> set[str]:
        """The drills that did not pass without a mutant."""
        return {name for name, is_sound in self._sound.copy().items() if not is_sound}

    def _held(self, runner: Runner, drill: Drill) -> Report:
        """The report of a drill. Raises UnendingError, with its name, where it does not come to its end in time."""
        control = None if drill.ages else self._controls[drill.workload]
        return ended(lambda: runner.run(drill, self.seed, control)[0], drill.name, self.drill_s)


def ended[Result](work: Callable[[], Result], name: str, seconds: float) -> Result:
    """What comes of some work. Raises UnendingError, with `name`, where that takes longer; then nobody waits for it."""
    outcome = Future[Result]()

    def do() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=do, name=name, daemon=True).start()
    if not wait([outcome], seconds).done:
        raise UnendingError(name)
    return outcome.result()


def unsound(hunts: Iterable[Hunt]) -> list[str]:
    """The drills that did not pass without a mutant in any of these hunts."""
    return sorted(set[str]().union(*(hunt.unsound for hunt in hunts)))

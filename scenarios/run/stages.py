"""The stages of one run: up → inject → during → heal → after → settle → tick → read → repeat → check.

`scenarios.run.runner` puts them in order, `scenarios.run.steps` carries out the drill's steps within them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wavetank.emulator.errors import NotSettled
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.client.at_rest import UnreadableFileError
from wavetank.scenarios.oracle.at_rest import AtRest
from wavetank.scenarios.oracle.checkers import CHECKERS, faults_fired, judge, looks, permissions
from wavetank.scenarios.oracle.evidence import (
    Checker,
    Evidence,
    Finding,
    Judgement,
    ObservedFlow,
    SecondPass,
    Verdict,
)
from wavetank.scenarios.oracle.timeline import HEAL, INJECT
from wavetank.scenarios.run.alarm_datapoints import clear_dead_messages
from wavetank.scenarios.run.steps import Narrate, StepExecutor
from wavetank.scenarios.site import observer
from wavetank.scenarios.site.recovery import BackFillFailedError, RedriveFailedError
from wavetank.scenarios.site.site import Site, TickFailedError
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.producer import PortionsWithheld
from wavetank.scenarios.spec.nemesis import Portion, SendPlan
from wavetank.scenarios.spec.steps import Age, BackFill, Settle, Tick
from wavetank.scenarios.workload.synthetic import WorkloadEvent

UNTIL_MERGED_H = 4
"""So long after an event came its schedules have had it merged, also where it had to be announced again.

It may come a moment too late for a stop of the clock, be announced at the next but one, and be merged at the one after.
"""

Digests = Mapping[str, str]
"""Key → SHA-256 (hex) of every file of the data of record."""

BROKE_OFF, SETTLED = "run", "settled"
"""Stand for a checker where a run broke off; the second where something was still in flight when its time was over."""

NOT_DONE = (NotSettled, TickFailedError, RedriveFailedError, BackFillFailedError)
"""Failures of the pipeline, where no nemesis excuses it."""


@dataclass(frozen=True)
class Conclusion:
    """The conclusion of a run: its findings with the ledger that they judged, and how often each nemesis struck, by id.

    fired: empty where it cannot be told. digests: of the data at rest; None of a run that did not come to its end.
    """

    judgement: Judgement
    fired: Mapping[str, int]
    digests: Digests | None = None


@dataclass
class Run:
    """The state of one run. Its stages are called once each, in the order in which they stand here.

    at_rest and second_pass: what the stages `read` and `repeat` found, None before. flow: what was seen on the way
    there, None where it was not traced. answerable: nothing that the drill did excuses the pipeline now, so that what
    does not work is its failure. refusals_before: the number of calls that policies had refused before it.
    """

    site: Site
    drill: Drill
    seed: int
    events: Sequence[WorkloadEvent]
    narrate: Narrate
    at_rest: AtRest | None = None
    second_pass: SecondPass | None = None
    flow: ObservedFlow | None = None
    answerable: bool = False
    refusals_before: int = 0

    def __post_init__(self) -> None:
        self.steps = StepExecutor(
            site=self.site, drill=self.drill, seed=self.seed, events=self.events, narrate=self.narrate
        )

    def up(self) -> None:
        """Start from nothing: nothing broken, nothing in flight or given up, no data, the right schemas."""
        self.steps.mark("clean")
        self.steps.nemeses.heal()
        self.refusals_before = self.site.refusals(0)[1]
        self.site.settle()
        self.site.empty()
        self.site.forget_renewals()
        clear_dead_messages(self.site)

    def inject(self) -> None:
        """Let the nemeses begin, and the workload flow through what they do."""
        steps, number_of_portions = self.steps, self.drill.workload.portions
        steps.mark(INJECT, ", ".join(nemesis.id for nemesis in self.drill.nemeses))
        steps.nemeses.begin()
        self.answerable = self.drill.is_control
        dealt = steps.dealt
        withheld = next((each for each in self.drill.nemeses if isinstance(each, PortionsWithheld)), None)
        for number, events in enumerate(dealt, start=1):
            if withheld is None or number <= withheld.sent:
                # A portion that is withheld is sent by a step, when its time has come.
                if self.drill.ages:
                    steps.age_to(events)
                steps.mark("feed", f"portion {number} of {number_of_portions}, {len(events)} events")
            for plan in steps.nemeses.plans(Portion(number, events, is_last=number == len(dealt))):
                steps.operations += steps.producer.feed(plan)
            if not self.drill.stalls:
                self.site.settle()

    def during(self) -> None:
        """Take the steps of the drill while its nemeses last."""
        self.steps.take(self.drill.during)

    def heal(self) -> None:
        """Take back all that was broken."""
        self.steps.mark(HEAL)
        self.steps.nemeses.heal()
        self.steps.merged.clear()
        self.answerable = True

    def after(self) -> None:
        """Take the steps that the drill says it takes to get over it."""
        self.steps.take(self.drill.after)

    def settle(self) -> None:
        """Wait until nothing is in flight."""
        self.steps.take((Settle(),))

    def tick(self) -> None:
        """Run the replayer, and when that has settled the concatenator, for every hour of the workload.

        Where time ages the drill, let their schedules do so.
        """
        if self.drill.ages:
            return self.steps.take((Age(UNTIL_MERGED_H),))
        return self.steps.take((Tick(Scheduled.REPLAYER), Settle(), Tick(Scheduled.PLANNER)))

    def read(self) -> None:
        """Look at all that is at rest."""
        self.steps.mark("read")
        self.at_rest = self.steps.observe()[0]

    def repeat(self) -> None:
        """Do everything a second time.

        First every chunk is delivered again (the replayer takes it for one that is not done), which may
        change no part file. Then the same events are sent again, which makes new chunks and new parts, and
        the concatenator runs again, or, where their hours have left the look-back, a back-fill.
        """
        self.steps.mark("deliver again")
        chunks = self.site.forget_done_chunks()
        self.steps.replay_all()
        self.settle()
        undone = tuple(self.site.undone_chunks())
        part_digests = observer.part_digests(self.site)
        self.steps.mark("feed again")
        operations = tuple(self.steps.producer.feed(SendPlan(self.events)))
        self.site.settle()
        fed_parts = observer.arrived_parts(self.site)
        self.tick()
        if self.drill.ages:
            self.steps.take((BackFill(),))
        self.second_pass = SecondPass(
            chunks=chunks,
            undone=undone,
            part_digests=part_digests,
            operations=operations,
            fed_parts=fed_parts,
            digests=rest.digests(self.site.s3, self.site.data_bucket),
        )

    def check(self, control: Digests | None) -> Conclusion:
        """Have a run judged that came to its end."""
        self.steps.mark("check")
        self.steps.look_at_connections()
        at_rest = self._at_rest_now()
        fired = self.steps.nemeses.fired(self.steps.operations, at_rest)
        return Conclusion(judge(self._evidence(at_rest, control, fired), CHECKERS), fired, at_rest.digests)

    def conclude_early(self, error: Exception, control: Digests | None) -> Conclusion:
        """Heal what can be healed, and have what there is judged. The run fails if its error is its own failure.

        Before `read` the checkers judge nothing but what the drill's looks saw, and the ledger is that of what is at
        rest now; it is empty where that cannot be read.
        """
        failed = isinstance(error, UnreadableFileError) or (self.answerable and isinstance(error, NOT_DONE))
        reason = f"broke off: {type(error).__name__}: {error}"
        self.heal_quietly()
        self.steps.mark("broke off", reason)
        at_rest = _if_possible(self._at_rest_now)
        glimpse = self.steps.glimpse if at_rest is None else at_rest
        fired = _if_possible(lambda: self.steps.nemeses.fired(self.steps.operations, glimpse))
        checkers: Sequence[Checker] = (looks, permissions)
        if self.at_rest is not None:
            checkers = [checker for checker in CHECKERS if fired is not None or checker is not faults_fired]
        judgement = judge(self._evidence(at_rest or AtRest(), control, fired or {}), checkers)
        name = SETTLED if isinstance(error, NotSettled) else BROKE_OFF
        finding = Finding(name, Verdict.FAIL if failed else Verdict.INCONCLUSIVE, reason)
        ledger = {} if at_rest is None else judgement.ledger
        return Conclusion(Judgement((finding, *judgement.findings), ledger), fired or {})

    def heal_quietly(self) -> None:
        """Heal what can be healed, whatever fails."""
        for heal in (self.steps.nemeses.heal, self.steps.put_back_settings):
            with suppress(Exception):
                heal()

    def refused(self) -> tuple[str, ...]:
        """The calls that policies refused in this run; none where that cannot be asked any more."""
        known = _if_possible(lambda: self.site.refusals(self.refusals_before))
        return known[0] if known is not None else ()

    def _evidence(self, at_rest: AtRest, control: Digests | None, fired: Mapping[str, int]) -> Evidence:
        return Evidence(
            history=self.steps.history,
            at_rest=at_rest,
            model=self.steps.model if self.at_rest is not None else self.steps.model_so_far,
            fired=fired,
            looks=tuple(self.steps.looks),
            second_pass=self.second_pass,
            control=control,
            is_control=self.drill.is_control,
            flow=self.flow,
            expectations=self.drill.expectations,
            refused=self.refused(),
        )

    def _at_rest_now(self) -> AtRest:
        """The data at rest as they were read, or else as they are."""
        if self.at_rest is not None:
            return self.at_rest
        return self.steps.observe(so_far=True)[0]


def _if_possible[Answer](ask: Callable[[], Answer]) -> Answer | None:
    with suppress(Exception):
        return ask()
    return None

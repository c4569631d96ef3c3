"""One run of one drill on a site, stage by stage; `scenarios.run.runner` puts the stages in order."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from wavetank.emulator.errors import NotSettled
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.client import quarantine
from wavetank.scenarios.client.at_rest import UnreadableFileError
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.oracle.at_rest import AtRest, Model
from wavetank.scenarios.oracle.checkers import CHECKERS, faults_fired, judge, looks
from wavetank.scenarios.oracle.evidence import Checker, Evidence, Finding, Judgement, LookResult, SecondPass, Verdict
from wavetank.scenarios.oracle.history import EVENT_TIME, History, Mark, Operation, Outcome
from wavetank.scenarios.oracle.observed import Trail
from wavetank.scenarios.oracle.timeline import HEAL, INJECT
from wavetank.scenarios.run.alarm_datapoints import clear_dead_messages
from wavetank.scenarios.run.nemeses import Nemeses
from wavetank.scenarios.site import observer
from wavetank.scenarios.site.back_fill import BackFillFailedError, back_fill
from wavetank.scenarios.site.delivery_errors import undelivered
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.site.site import REPLAY_AFTER, Site, TickFailedError
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.hours import Scheduled, covered_hours, planner_times
from wavetank.scenarios.spec.looks import compare
from wavetank.scenarios.spec.nemeses.schemas import publish_next_version
from wavetank.scenarios.spec.nemesis import Portion, SendPlan
from wavetank.scenarios.spec.steps import (
    Advance,
    BackFill,
    Look,
    PublishAhead,
    Redeliver,
    Redrive,
    SendAgain,
    Settle,
    Stall,
    Step,
    Tick,
)
from wavetank.scenarios.spec.unfinished import Unfinished
from wavetank.scenarios.workload.synthetic import WorkloadEvent
from wavetank.scenarios.workload.workload import chosen, portions

Narrate = Callable[[str], None]
"""Is told what the run does now, in a few words."""


class RedriveFailedError(Exception):
    """A stream did not take all records of a quarantine file; the message says which and why."""


@dataclass(frozen=True)
class Conclusion:
    """What a run has shown, and how often each of its nemeses struck, by id; empty where that is not known."""

    judgement: Judgement
    fired: Mapping[str, int]


HOUR = timedelta(hours=1)
TIMES = {0: ", missed", 2: ", twice at once"}
"""How a tick is told of that is not sent once."""
NOT_DONE = (NotSettled, TickFailedError, RedriveFailedError, BackFillFailedError)
"""What the pipeline did not do: its failure, where no nemesis excuses it."""


@dataclass
class Run:
    """The state of one run. Its stages are called once each, in the order in which they stand here.

    at_rest and second: what the stages `read` and `repeat` found, None before. trail: what was seen on the way there,
    None where nobody has traced it. answerable: nothing that the drill did excuses the pipeline now, so that what does
    not work is its failure.
    """

    site: Site
    drill: Drill
    seed: int
    events: Sequence[WorkloadEvent]
    narrate: Narrate
    operations: list[Operation] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    looks: list[LookResult] = field(default_factory=list)
    at_rest: AtRest | None = None
    second: SecondPass | None = None
    trail: Trail | None = None
    answerable: bool = False

    def __post_init__(self) -> None:
        self._started = time.monotonic()
        self._times = planner_times(_time_us(event) for event in self.events)
        self._model = observer.model_of(self.site, covered_hours(self._times))
        self._victim = _victim(self.drill, self.events)
        self._producer = DrillProducer(self.site, self.elapsed)
        self._nemeses = Nemeses(self.site, self.drill, self.seed, self._victim, self._producer)
        self._merged: list[datetime] = []
        self._glimpse = AtRest()

    @property
    def history(self) -> History:
        """What was attempted so far."""
        return History(tuple(self.operations), tuple(self.marks))

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    def up(self) -> None:
        """Start from nothing: nothing broken, nothing in flight or given up, no data, the right schemas."""
        self._mark("clean")
        self._nemeses.heal()
        self.site.settle()
        self.site.empty()
        clear_dead_messages(self.site)

    def inject(self) -> None:
        """Let the nemeses begin, and the workload flow through what they do."""
        self._mark(INJECT, ", ".join(nemesis.id for nemesis in self.drill.nemeses))
        self._nemeses.begin()
        self.answerable = self.drill.is_control
        dealt = portions(self.events, self.drill.workload.portions)
        for number, events in enumerate(dealt, start=1):
            self._mark("feed", f"portion {number} of {self.drill.workload.portions}, {len(events)} events")
            for plan in self._nemeses.plans(Portion(number, events, is_last=number == len(dealt))):
                self.operations += self._producer.feed(plan)
            if not self.drill.stalls:
                self.site.settle()

    def during(self) -> None:
        """Take the steps of the drill while its nemeses last."""
        self._take(self.drill.during)

    def heal(self) -> None:
        """Take back all that was broken."""
        self._mark(HEAL)
        self._nemeses.heal()
        self._merged.clear()
        self.answerable = True

    def after(self) -> None:
        """Take the steps that the drill says it takes to get over it."""
        self._take(self.drill.after)

    def settle(self) -> None:
        """Wait until nothing is in flight."""
        self._mark("settle")
        self.site.settle()

    def tick(self) -> None:
        """Run the replayer, and when that has settled the concatenator, for every hour of the workload."""
        self._take((Tick(Scheduled.REPLAYER), Settle(), Tick(Scheduled.PLANNER)))

    def read(self) -> None:
        """Look at all that is at rest."""
        self._mark("read")
        self.at_rest = observer.observe_with(self.site, self.history, self._model)[0]

    def repeat(self) -> None:
        """Do everything a second time.

        First every chunk is delivered again (the replayer takes it for one that nobody has done), which may
        change no part file. Then the same events are sent again, which makes new chunks and new parts, and
        the concatenator runs again.
        """
        self._mark("deliver again")
        chunks = self.site.forget_done_chunks()
        for hour in self.site.chunk_hours():
            self.site.tick(Scheduled.REPLAYER, hour + HOUR + REPLAY_AFTER)
        self.settle()
        undone = tuple(self.site.undone_chunks())
        part_digests = observer.part_digests(self.site)
        self._mark("feed again")
        operations = tuple(self._producer.feed(SendPlan(self.events)))
        self.site.settle()
        fed_parts = frozenset(observer.part_digests(self.site))
        self.tick()
        digests = rest.digests(self.site.s3, self.site.data_bucket)
        self.second = SecondPass(chunks, undone, part_digests, operations, fed_parts, digests)

    def conclude(self, control: Mapping[str, str] | None) -> Conclusion:
        """What the checkers say of a run that came to its end."""
        self._mark("check")
        at_rest = self._at_rest_by_now()
        fired = self._nemeses.fired(self.operations, at_rest)
        return Conclusion(judge(self._evidence(at_rest, control, fired), CHECKERS), fired)

    def conclude_early(self, error: Exception, control: Mapping[str, str] | None) -> Conclusion:
        """Heal what can be healed, and conclude from what is known. The run fails if its error is its own failure.

        Before `read` the checkers say nothing but what the drill's looks saw, and the ledger is that of what is at
        rest now; it is empty where that cannot be read.
        """
        failed = isinstance(error, UnreadableFileError) or (self.answerable and isinstance(error, NOT_DONE))
        said = f"broke off: {type(error).__name__}: {error}"
        self.heal_quietly()
        self._mark("broke off", said)
        at_rest, fired = self._known_at_rest(), self._known_fired()
        evidence = self._evidence(at_rest or AtRest(), control, fired or {})
        known = judge(evidence, self._checkers(fired))
        why = Finding("run", Verdict.FAIL if failed else Verdict.INCONCLUSIVE, said)
        ledger = {} if at_rest is None else known.ledger
        return Conclusion(Judgement((why, *known.findings), ledger), fired or {})

    def heal_quietly(self) -> None:
        """Heal what can be healed, whatever fails."""
        with suppress(Exception):
            self._nemeses.heal()

    def _evidence(self, at_rest: AtRest, control: Mapping[str, str] | None, fired: Mapping[str, int]) -> Evidence:
        return Evidence(
            history=self.history,
            at_rest=at_rest,
            model=self._model_by_now(),
            fired=fired,
            looks=tuple(self.looks),
            second_pass=self.second,
            control=control,
            is_control=self.drill.is_control,
            trail=self.trail,
            expectations=self.drill.expectations,
        )

    def _model_by_now(self) -> Model:
        """Once everything was read, every hour should be merged; before, those of the ticks that succeeded."""
        if self.at_rest is not None:
            return self._model
        return replace(self._model, covered=covered_hours(self._merged))

    def _at_rest_by_now(self) -> AtRest:
        """What was read, or else what is there now."""
        if self.at_rest is not None:
            return self.at_rest
        return observer.observe_with(self.site, self.history, self._model_by_now())[0]

    def _known_at_rest(self) -> AtRest | None:
        with suppress(Exception):
            self._glimpse = self._at_rest_by_now()
            return self._glimpse
        return None

    def _known_fired(self) -> Mapping[str, int] | None:
        with suppress(Exception):
            return self._nemeses.fired(self.operations, self._glimpse)
        return None

    def _checkers(self, fired: Mapping[str, int] | None) -> tuple[Checker, ...]:
        """Those that can speak of a run that broke off."""
        if self.at_rest is None:
            return (looks,)
        return tuple(checker for checker in CHECKERS if fired is not None or checker is not faults_fired)

    def _take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case Settle():
                    self.settle()
                case Tick():
                    self._tick(step)
                case Look():
                    self._look(step)
                case Redrive():
                    self._redrive()
                case PublishAhead():
                    self._mark("publish", f"the schema that the {self._victim} producer is ahead with")
                    publish_next_version(self._nemeses.scene)
                case SendAgain(share):
                    self._mark("send again", f"{share:.0%} of all events")
                    again = chosen(self.events, share, self.seed)
                    self.operations += self._producer.feed(SendPlan(again, repeat=True))
                case Redeliver():
                    self._mark("redeliver", "what Firehose wrote to its error prefix")
                    self._redeliver()
                case BackFill():
                    self._mark("back-fill", "all hours, and what came too late")
                    deque(back_fill(self.site.stack), maxlen=0)
                case Stall(on):
                    unfinished = on or Unfinished.of(self.site.topology.event(self._victim).processor)
                    self._mark("stall", f"until nothing is in flight but {unfinished.name}")
                    self.site.settle(unfinished)
                case Advance(hours):
                    self._mark("advance", f"{hours:g} hours")
                    self.site.stack.control.advance_clock(hours * 3600)

    def _tick(self, tick: Tick) -> None:
        function = tick.function
        times = self._times if function is Scheduled.PLANNER else [self.site.now() + REPLAY_AFTER]
        for due in times:
            moment = due + tick.later_hours * HOUR
            sendings = self._nemeses.times(function)
            self._mark("tick", f"{function} as of {moment:%Y-%m-%d %H:%M}{TIMES.get(sendings, '')}")
            self.site.tick_at_once(function, moment, sendings, tick.but)
            if sendings and function is Scheduled.PLANNER:
                self._merged.append(moment)

    def _look(self, look: Look) -> None:
        self._mark("look", look.name)
        self._glimpse, entries = observer.observe_with(self.site, self.history, self._model)
        self.looks.append(compare(look, entries, self._glimpse, self._victim))

    def _redrive(self) -> None:
        self._mark("redrive")
        s3, bucket = self.site.s3, self.site.data_bucket
        with Sender(self.site.stack.client("kinesis")) as sender:
            for some in quarantine.waiting(quarantine.held(s3, bucket), quarantine.Filter()):
                done = quarantine.redrive(s3, bucket, some, sender, self.site.topology, datetime.now(UTC))
                if not done.complete:
                    said = f"{done.acknowledged} of {done.records} taken, {done.reasons}"
                    raise RedriveFailedError(f"{some.file.key}: {said}")

    def _redeliver(self) -> None:
        with Sender(self.site.stack.client("kinesis")) as sender:
            done = sender.send(list(undelivered(self.site)))
        refused = [receipt.reason for receipt in done if receipt.outcome is not Outcome.OK]
        if refused:
            raise RedriveFailedError(f"{len(refused)} of {len(done)} undelivered records refused: {refused[0]}")

    def _mark(self, what: str, detail: str = "") -> None:
        self.marks.append(Mark(round(self.elapsed(), 3), what, detail))
        self.narrate(f"{what} {detail}".rstrip())


def _time_us(event: WorkloadEvent) -> int:
    value = event.record[EVENT_TIME]
    if not isinstance(value, int):
        raise TypeError(f"{EVENT_TIME} of {event.event_id} is {value!r}, not a number of microseconds")
    return value


def _victim(drill: Drill, events: Iterable[WorkloadEvent]) -> str:
    """The drill's victim, or where the workload has none of its type the first type that it has."""
    types = {event.event_type for event in events}
    return drill.victim if drill.victim in types else min(types, default=drill.victim)

"""Carries out the steps of a drill on a site, and keeps what comes of them."""

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.quarantine import Filter
from wavetank.scenarios.oracle.at_rest import HOUR_US, AtRest, Model
from wavetank.scenarios.oracle.evidence import LookResult
from wavetank.scenarios.oracle.history import History, Mark, Operation
from wavetank.scenarios.oracle.ledger import Entry
from wavetank.scenarios.oracle.references import Publication
from wavetank.scenarios.run.ageing import age
from wavetank.scenarios.run.nemeses import Nemeses
from wavetank.scenarios.site import observer, outage
from wavetank.scenarios.site.database.dumps import connections_seen, database_of, dump, dumper_of, summed
from wavetank.scenarios.site.declared import shortest_reach
from wavetank.scenarios.site.producer import DrillProducer
from wavetank.scenarios.site.recovery import (
    BACK_FILL,
    LATE,
    PartitionsFailedError,
    RedriveFailedError,
    back_fill,
    redeliver,
    redrive,
)
from wavetank.scenarios.site.references import histories_of_site, micros, rows_of_database
from wavetank.scenarios.site.site import REPLAY_AFTER, Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.spec.dumps import DumpResult
from wavetank.scenarios.spec.hours import EPOCH, HOUR, Scheduled, covered_hours, planner_times, replayer_times
from wavetank.scenarios.spec.nemeses.database import LeaseRemoved
from wavetank.scenarios.spec.nemeses.functions import OwnCodeMistaken
from wavetank.scenarios.spec.nemeses.schemas import publish_next_version
from wavetank.scenarios.spec.nemesis import SendPlan
from wavetank.scenarios.spec.steps import (
    Advance,
    AdvanceTo,
    Age,
    BackFill,
    BeginOutage,
    CountObjects,
    CountVersions,
    Dump,
    EndOutage,
    LetGo,
    Look,
    PublishAhead,
    PublishVersions,
    Redeliver,
    Redrive,
    ReplayAll,
    SendAgain,
    SendPortion,
    Settle,
    Stall,
    Step,
    Strike,
    SumReferences,
    Tick,
    Unlock,
    compare,
)
from wavetank.scenarios.spec.unfinished import PROCESSORS, Unfinished
from wavetank.scenarios.workload.synthetic import WorkloadEvent
from wavetank.scenarios.workload.workload import chosen, portions, stretches

Narrate = Callable[[str], None]
"""Is told what the run does now, in a few words."""

MICROSECOND = timedelta(microseconds=1)
LOOK_S = 0.1
"""Between two looks at whether a fault holds a call."""
TIMES = {0: ", missed", 2: ", twice at once"}
"""How a tick is told of that is not sent once."""


@dataclass
class StepExecutor:
    """The executor of the steps of one run, from whose beginning its times count.

    operations, marks and looks: what was sent, done and seen so far. merged: the times that the planner has run for.
    dumps: what became of each run of the dumper.
    glimpse: what the last look saw at rest.
    """

    site: Site
    drill: Drill
    seed: int
    events: Sequence[WorkloadEvent]
    narrate: Narrate
    operations: list[Operation] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    looks: list[LookResult] = field(default_factory=list)
    merged: list[datetime] = field(default_factory=list)
    dumps: list[DumpResult] = field(default_factory=list)
    glimpse: AtRest = field(default_factory=AtRest)

    def __post_init__(self) -> None:
        self._before_outage: Mapping[str, Any] | None = None
        self._started = time.monotonic()
        self._connected_before = len(self.site.database.moments()) if self.site.database is not None else 0
        self._arrivals: defaultdict[str, set[int]] = defaultdict(set)
        self._look_back = shortest_reach(self.site.declared)
        self._planner_times = planner_times((event.time_us for event in self.events), self._look_back)
        covered = covered_hours(self._planner_times, self._look_back)
        mistaken = [each.component for each in self.drill.nemeses if isinstance(each, OwnCodeMistaken)]
        self._since = self.site.now()
        self._model = replace(
            observer.model_of(self.site, covered, before="".join(mistaken)),
            undated=any(nemesis.needs_release_before for nemesis in self.drill.nemeses),
        )
        types = {event.event_type for event in self.events}
        victim = self.drill.victim
        self.victim = victim if victim in types else min(types, default=victim)
        """The drill's victim, or where the workload has none of its type the first type that it has."""
        self._references = self._model.references
        self.producer = DrillProducer(self.site, self.elapsed)
        self.nemeses = Nemeses(self.site, self.drill, self.seed, victim=self.victim, producer=self.producer)

    @property
    def history(self) -> History:
        """The attempts and the marks so far, and the arrivals as they were looked at last."""
        arrivals = {payload: tuple(sorted(times)) for payload, times in self._arrivals.items()}
        return History(tuple(self.operations), tuple(self.marks), arrivals)

    @property
    def model(self) -> Model:
        """The model of the data at rest in the end, with the reference data as of the last look."""
        return replace(self._model, references=self._references)

    @property
    def model_so_far(self) -> Model:
        """The model of the hours that ticks of the planner were for; in the end every hour is to be merged."""
        return replace(self.model, covered=covered_hours(self.merged, self._look_back))

    def observe(self, *, so_far: bool = False) -> tuple[AtRest, dict[str, Entry]]:
        """Look at the data at rest, and draw up the ledger, of all hours or so far.

        Before that, look at the index of the reference data, and where these changed, at when records arrived.
        """
        self._references = histories_of_site(self.site, self.nemeses.scene.published)
        model = self.model_so_far if so_far else self.model
        if model.renews:
            since = min(self._since, self.site.now())
            for payload, times in observer.arrivals(self.site, since).items():
                # What has expired since was seen before.
                self._arrivals[payload].update(times)
        return observer.observe_with(self.site, self.history, model)

    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._started

    def mark(self, what: str, detail: str = "") -> None:
        """Write down what the run does now, and tell it."""
        self.marks.append(Mark(round(self.elapsed(), 3), what, detail))
        self.narrate(f"{what} {detail}".rstrip())

    def take(self, steps: Iterable[Step]) -> None:
        """Carry out steps, one after another. Raises NotSettled, TickFailedError, RedriveFailedError and so on."""
        for step in steps:
            match step:
                case Settle():
                    self.mark("settle")
                    self.site.settle()
                case Tick():
                    self._tick(step)
                case Look():
                    self.mark("look", step.name)
                    self.glimpse, entries = self.observe()
                    self.looks.append(compare(step, entries, self.glimpse, self.victim))
                case CountObjects(name, prefixes):
                    self.mark("look", name)
                    bucket = self.site.data_bucket
                    objects = sum(1 for prefix in prefixes for _ in at_rest.keys(self.site.s3, bucket, prefix))
                    self.looks.append(step.result(objects))
                case CountVersions(name):
                    self.mark("look", name)
                    bucket, prefix = self.site.registry_bucket, f"schemas/{self.victim}/raw/"
                    versions = self.site.s3.list_object_versions(Bucket=bucket, Prefix=prefix).get("Versions", ())
                    self.looks.append(step.result(sum(not version["IsLatest"] for version in versions), prefix))
                case Redrive():
                    self.mark("redrive")
                    for result in redrive(self.site, Filter()):
                        if not result.complete:
                            taken = f"{result.acknowledged} of {result.records} taken, {result.reasons}"
                            raise RedriveFailedError(f"{result.file.key}: {taken}")
                case PublishAhead():
                    self.mark("publish", f"the schema that the {self.victim} producer is ahead with")
                    publish_next_version(self.nemeses.scene)
                case PublishVersions():
                    self.mark("publish", f"the versions of {self.victim} that were held back")
                    self.site.restore_registry()
                case SendAgain(share, later):
                    self.mark("send again", f"{share:.0%} of all events" + (f", {later} later" if later else ""))
                    again = chosen(self.events, share, self.seed)
                    moved = [event.at(event.time_us + later // MICROSECOND) for event in again]
                    self.operations += self.producer.feed(SendPlan(moved, repeat=not later))
                case SendPortion(number):
                    withheld = self.dealt[number - 1]
                    if self.drill.ages:
                        self.age_to(withheld)
                    self.mark("feed", f"portion {number} of {self.drill.workload.portions}")
                    self.operations += self.producer.feed(SendPlan(withheld))
                case Strike(nemesis):
                    self.mark("break", nemesis.id)
                    nemesis.begin(self.nemeses.scene)
                case LetGo(fault_id):
                    self._let_go(fault_id)
                case Redeliver():
                    self.mark("redeliver", "what Firehose wrote to its error prefix")
                    redeliver(self.site)
                case BackFill(first_hour, meanwhile):
                    self.mark("back-fill", f"{'the first hour' if first_hour else 'all hours'}, and what came too late")
                    self._back_fill(meanwhile, first_hour=first_hour)
                case Stall(on):
                    unfinished = on or Unfinished.of(self.site.topology.event(self.victim).processor)
                    self.mark("stall", f"until nothing is in flight but {unfinished.name}")
                    self.site.settle(unfinished)
                case Advance(hours):
                    self.mark("advance", f"{hours:g} hours")
                    self.site.stack.control.advance_clock(hours * 3600)
                case AdvanceTo(time):
                    self.mark("advance", f"to {time}")
                    now = self.site.now()
                    then = datetime.combine(now.date(), datetime.strptime(time, "%H:%M:%S").time(), UTC)
                    self.site.stack.control.advance_clock(((then - now) % timedelta(days=1)).total_seconds())
                case Age(hours, but, step_hours):
                    self.mark("age", f"{hours:g} hours")
                    age(self.site, self.site.now() + hours * HOUR, but, step_hours * HOUR)
                case BeginOutage():
                    self.mark("outage mode", "begins")
                    self._before_outage = outage.settings(self.site)
                    outage.begin(self.site)
                case EndOutage():
                    self.mark("outage mode", "ends")
                    self._end_outage()
                case Dump():
                    self._dump(step)
                case Unlock():
                    self.mark("unlock")
                    database_of(self.site).unlock()
                case SumReferences():
                    self.mark("look", step.name)
                    self.looks.append(summed(self.site, step))
                case ReplayAll():
                    self.mark("replay", "every chunk that is not done")
                    self.replay_all()

    @property
    def dealt(self) -> Sequence[Sequence[WorkloadEvent]]:
        """The portions of the workload: stretches of its hours where time ages the drill."""
        deal = stretches if self.drill.ages else portions
        return deal(self.events, self.drill.workload.portions)

    def age_to(self, events: Sequence[WorkloadEvent]) -> None:
        """Let time pass until the last of some events has happened."""
        last_us = max(event.time_us for event in events)
        stalled = PROCESSORS if self.drill.stalls else None
        age(self.site, datetime.fromtimestamp(math.ceil(last_us / 1e6), UTC), stalled)

    def put_back_settings(self) -> None:
        """Take the site out of outage mode where the run broke off in it."""
        if self._before_outage is not None:
            self._before_outage = None
            outage.end(self.site, accept_late=True)

    def _end_outage(self) -> None:
        before, self._before_outage = self._before_outage, None
        outage.end(self.site)
        now = outage.settings(self.site)
        detail = f"{len(now)} resources" if now == before else f"they were {before}, and are {now}"
        self.looks.append(LookResult("settings as before the outage", now == before, detail))

    def replay_all(self) -> None:
        """Run the replayer as of when it finds the chunks of every hour that there are. Raises TickFailedError."""
        for moment in replayer_times(self.site.chunk_hours(), self._look_back):
            self.site.tick(Scheduled.REPLAYER, moment)

    def _let_go(self, fault_id: str) -> None:
        """Take a fault away that has struck. One that has not makes the drill inconclusive."""
        control = self.site.stack.control
        struck = next((fault["fired"] for fault in control.faults() if fault["id"] == fault_id), 0)
        self.mark("let go", fault_id)
        control.remove_fault(fault_id)
        detail = f"{fault_id} struck {struck} times"
        self.looks.append(LookResult(f"{fault_id}, before it was taken away", struck > 0, detail, inconclusive=True))

    def _back_fill(self, meanwhile: Sequence[Step], *, first_hour: bool) -> None:
        """Run a back-fill, and steps while a fault holds one of its calls; it may fail then."""
        options = [LATE]
        if first_hour:
            start = EPOCH + min(event.time_us for event in self.events) // HOUR_US * HOUR
            options += ["--from", start.isoformat(), "--to", (start + HOUR).isoformat()]

        def run() -> None:
            lines = back_fill(self.site.stack, options, self.site.checkout, self.site.topology.names)
            deque(lines, maxlen=0)

        if not meanwhile:
            run()
            return
        with ThreadPoolExecutor(1, thread_name_prefix="back-fill") as pool:
            running = pool.submit(run)
            while not running.done() and not self._is_held(BACK_FILL):
                wait([running], LOOK_S)
            self.take(meanwhile)
            with suppress(PartitionsFailedError):
                running.result()

    def _dump(self, step: Dump) -> None:
        """Run the dumper, and steps while it is kept waiting."""
        self.mark("dump", step.name)
        began_us = micros(self.site.now())
        with ThreadPoolExecutor(1, thread_name_prefix="dump") as pool:
            running = pool.submit(dump, self.site)
            if step.meanwhile:
                dumper = dumper_of(self.site)
                while not running.done() and not database_of(self.site).waiting() and not self._is_held(dumper):
                    wait([running], LOOK_S)
                self.take(step.meanwhile)
            dumped = running.result()
        self.dumps.append(dumped.result)
        if step.publishes or (step.publishes is None and dumped.result is DumpResult.PUBLISHED):
            ended_us = micros(self.site.now())
            for reference in self.site.topology.references:
                rows = rows_of_database(database_of(self.site), reference)
                self.nemeses.scene.published[reference.name].append(Publication(rows, began_us, ended_us))
        holds = dumped.result is step.result and step.says in dumped.detail
        wanted = "" if holds else f"; expected {step.result} {step.says}".rstrip()
        self.looks.append(LookResult(f"dump {step.name}", holds, f"{dumped.result}: {dumped.detail}{wanted}"))

    def look_at_connections(self) -> None:
        """Compare the connections that the database has seen with the runs of its dumper, where it tells of them."""
        database = self.site.database
        if database is not None and database.sees_connections:
            at_once = 1 + self.nemeses.scene.struck[LeaseRemoved.id]
            self.looks.append(
                connections_seen(database, self.dumps, self._connected_before, at_once=at_once, aged=self.drill.ages)
            )

    def _is_held(self, caller: str) -> bool:
        """Whether a fault holds a call of a client or a function."""
        pending = self.site.stack.control.pending(0, telemetry=False)
        return any(item.by_fault and item.resource == caller for item in pending)

    def _tick(self, tick: Tick) -> None:
        function = tick.function
        is_planner = function is Scheduled.PLANNER
        for due in self._times(tick):
            moment = due + tick.later_hours * HOUR
            sendings = self.nemeses.times(function)
            self.mark("tick", f"{function} as of {moment:%Y-%m-%d %H:%M}{TIMES.get(sendings, '')}")
            self.site.tick_at_once(function, moment, sendings, tick.but)
            if sendings and is_planner:
                self.merged.append(moment)

    def _times(self, tick: Tick) -> Sequence[datetime]:
        match tick.function:
            case Scheduled.PLANNER:
                return self._planner_times
            case Scheduled.REPLAYER:
                return [self.site.due(tick.chunks) if tick.chunks else self.site.now() + REPLAY_AFTER]
            case Scheduled.DUMPER:
                return [self.site.now()]

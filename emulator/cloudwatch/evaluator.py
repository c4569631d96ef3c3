"""The evaluation of alarms, each minute of the emulator's time.

The minute that has ended is evaluated a little later, when its metrics have arrived; what the clock was moved past is
evaluated at once, in order (`timing` says at which times).
"""

import heapq
import itertools
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from typing import Any

from wavetank.emulator.cloudwatch.alarm import MINUTE_S, Alarm, CompositeAlarm, MetricAlarm
from wavetank.emulator.cloudwatch.core import reasons
from wavetank.emulator.cloudwatch.core.metrics import Metrics
from wavetank.emulator.cloudwatch.core.queries import QueryError
from wavetank.emulator.cloudwatch.core.suppression import Suppression
from wavetank.emulator.cloudwatch.core.verdict import State, judge
from wavetank.emulator.cloudwatch.timing import Timing, floor
from wavetank.emulator.runtime.clock import CLOCK, Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.timetable import Timetable

LOG = logging.getLogger(__name__)

DELAY_S = 10.0
"""So long after its end a minute is evaluated: senders gather metrics for up to five seconds."""
TELEMETRY_S = 2.0
"""So long (wall clock) the evaluation of time that was passed over waits for the metrics of the time before."""
AGE_EVERY_S = 3600.0


@dataclass(frozen=True)
class Change:
    """A change of an alarm's state, with what the alarm was and is in the fields of DescribeAlarms."""

    alarm: Alarm
    before: dict[str, Any]
    after: dict[str, Any]
    at: float


class Evaluator:
    """Alarms and their states; every method may be called from any thread."""

    def __init__(self, metrics: Metrics, clock: Clock = CLOCK) -> None:
        self._metrics = metrics
        self._clock = clock
        self._timing = Timing(metrics, clock)
        self._path: set[str] = set()
        self._lock = threading.RLock()
        self._alarms: dict[str, Alarm] = {}
        self._parents: defaultdict[str, set[str]] = defaultdict(set)
        self._due: list[tuple[float, int, MetricAlarm]] = []
        self._numbers = itertools.count()
        self._offset = clock.offset
        self._aged_at = clock.now()
        self._measures_at = floor(clock.now(), MINUTE_S) + MINUTE_S
        self._timetable = Timetable(self._do_due, clock)
        self.changed: Callable[[Change], None] = lambda _change: None
        """Told of each change of state, in order."""
        self.measure: Callable[[], None] = lambda: None
        """Called before what is measured by the minute is needed."""
        self.act: Callable[[Change], None] = lambda _change: None
        """Told of each change of state whose actions are to be taken."""

    def keep(self, alarm: Alarm, what: str) -> None:
        """Evaluate an alarm from now on, in the place of the one with its ARN; it was `created` or `updated`."""
        with self._lock:
            self.forget(alarm.arn)
            self._alarms[alarm.arn] = alarm
            now = self._clock.now()
            if isinstance(alarm, MetricAlarm):
                self._plan(alarm, floor(now, alarm.every_s) + alarm.every_s)
            elif isinstance(alarm, CompositeAlarm):
                for arn in (*alarm.children, *filter(None, (alarm.suppressor,))):
                    self._parents[arn].add(alarm.arn)
                text = f"{alarm.arn} was {what} and its alarm rule evaluates to"
                self._evaluate_composite(alarm, now, lambda state: f"{text} {state}", alarm.children)
            self._timetable.expect(self._next_at())

    def forget(self, arn: str) -> None:
        """Evaluate an alarm no more; an unknown one is ignored."""
        with self._lock:
            self._alarms.pop(arn, None)
            for parents in self._parents.values():
                parents.discard(arn)

    def find(self, arn: str) -> Alarm | None:
        """The alarm with an ARN."""
        return self._alarms.get(arn)

    def of(self, account: str, region: str) -> list[Alarm]:
        """The alarms of a place."""
        with self._lock:
            return [alarm for alarm in self._alarms.values() if (alarm.account, alarm.region) == (account, region)]

    def parents(self, arn: str) -> list[CompositeAlarm]:
        """The composite alarms that watch an alarm, or are suppressed by it."""
        with self._lock:
            found = [self._alarms.get(parent) for parent in self._parents.get(arn, ())]
        return [parent for parent in found if isinstance(parent, CompositeAlarm)]

    def set_state(self, arn: str, state: State, reason: str, data: str | None) -> None:
        """Give an alarm a state, which it has until it is evaluated next. Raises KeyError for an unknown alarm."""
        with self._lock:
            self._set(self._alarms[arn], state, reason, data, self._clock.now())

    def states(self) -> dict[str, str]:
        """The state of every alarm by its ARN."""
        with self._lock:
            return {arn: alarm.state.value for arn, alarm in self._alarms.items()}

    def prepare(self) -> None:
        """Measure what there is before the clock is moved on, for the minute that is left."""
        if self._alarms:
            self.measure()

    def catch_up(self) -> None:
        """Evaluate what the clock has been moved past; returns when that is done, whoever has begun it."""
        if self._alarms:
            self._do_due()

    def evaluate(self) -> None:
        """Evaluate every alarm by what there is now: with the minute that has not ended, where that has a value."""
        self.measure()
        IN_FLIGHT.hurry_last(TELEMETRY_S)
        with self._lock:
            now = self._clock.now()
            self._offset = self._clock.offset
            self._run(now, now)
            for alarm in list(self._alarms.values()):
                if isinstance(alarm, MetricAlarm):
                    ended = floor(now, alarm.every_s)
                    is_begun = ended <= alarm.next_value(self._metrics, ended) < ended + alarm.every_s
                    self._evaluate(alarm, ended + alarm.every_s * is_begun, now)

    def clear(self) -> None:
        """Give all alarms the state of a new one, without a change; metrics are let go of as well."""
        with self._lock:
            self._metrics.clear()
            at = datetime.fromtimestamp(self._clock.now(), UTC)
            for alarm in self._alarms.values():
                alarm.document.pop("StateReasonData", None)
                alarm.document |= {"StateValue": State.INSUFFICIENT_DATA.value, "StateReason": reasons.CREATED}
                alarm.document |= {"StateUpdatedTimestamp": at, "StateTransitionedTimestamp": at}
            for composite in self._composites():
                composite.suppression, composite.owed = Suppression(), None
                composite.document["StateValue"] = self._state_by_rule(composite).value

    def start(self) -> None:
        """Keep time from now on."""
        self._timetable.expect(self._next_at())
        self._timetable.start()

    def close(self) -> None:
        """Evaluate nothing more."""
        self._timetable.stop()

    def _do_due(self) -> float:
        """Evaluate what is due; returns when the next is."""
        if self._clock.now() >= self._measures_at:
            self._measures_at = floor(self._clock.now(), MINUTE_S) + MINUTE_S + DELAY_S
            self.measure()
        if self._clock.offset != self._offset:
            IN_FLIGHT.hurry_last(TELEMETRY_S)
        with self._lock:
            now = self._clock.now()
            jumped, self._offset = self._clock.offset != self._offset, self._clock.offset
            self._run(now if jumped else now - DELAY_S, now)
            if now - self._aged_at > AGE_EVERY_S:
                self._metrics.age(now)
                self._aged_at = now
            return self._next_at()

    def _run(self, until: float, now: float) -> None:
        """Evaluate in order what is due by `until`, and end the periods of suppression that are over `now`."""
        while True:
            at = self._due[0][0] if self._due and self._due[0][0] <= until else inf
            moment = min(now, at + DELAY_S) if at < inf else inf
            ends_at, composite = min(self._elapsing(), key=lambda each: each[0], default=(inf, None))
            if composite is not None and ends_at <= now and ends_at < moment:
                self._suppress(composite, composite.suppression.elapsed(ends_at))
            elif at == inf:
                return
            else:
                alarm = heapq.heappop(self._due)[2]
                if self._alarms.get(alarm.arn) is alarm and alarm.next_at == at:
                    self._evaluate(alarm, at, moment)
                    self._plan(alarm, self._timing.next_tick(alarm, until))

    def _elapsing(self) -> Iterator[tuple[float, CompositeAlarm]]:
        """The composite alarms in a period of suppression, and when that ends."""
        for alarm in self._composites():
            if alarm.suppression.until is not None:
                yield alarm.suppression.until, alarm

    def _composites(self) -> list[CompositeAlarm]:
        return [alarm for alarm in self._alarms.values() if isinstance(alarm, CompositeAlarm)]

    def _next_at(self) -> float:
        minute = self._due[0][0] + DELAY_S if self._due else inf
        return min([minute, self._measures_at, *(until for until, _alarm in self._elapsing())])

    def _plan(self, alarm: MetricAlarm, at: float) -> None:
        alarm.next_at = at
        heapq.heappush(self._due, (at, next(self._numbers), alarm))

    def _evaluate(self, alarm: MetricAlarm, at: float, now: float) -> None:
        """Evaluate an alarm over the periods that end at `at`; a change has the time `now`."""
        if (condition := alarm.condition) is None:
            alarm.window = (at, ())
            return
        stretches = self._timing.stretches(alarm, at)
        alarm.window = (at, stretches)
        try:
            datapoints = alarm.datapoints(self._metrics, stretches)
        except QueryError as error:
            LOG.warning("the alarm %s could not be evaluated: %s", alarm.name, error)
            return
        verdict = judge(condition, [each.value for each in datapoints])
        if verdict.state in (None, alarm.state) or alarm.has_few_samples(self._metrics, stretches[-1]):
            return
        document = alarm.document
        reason = reasons.reason(condition, verdict, datapoints, alarm.state, "DatapointsToAlarm" in document)
        data = reasons.reason_data(
            condition,
            verdict,
            datapoints,
            now,
            unit=document.get("Unit"),
            statistic=document.get("Statistic") or document.get("ExtendedStatistic"),
            period=alarm.period_s,
        )
        self._set(alarm, verdict.state, reason, data, now)

    def _set(self, alarm: Alarm, state: State, reason: str, data: str | None, now: float) -> None:
        if state is alarm.state:
            return
        document, at = alarm.document, datetime.fromtimestamp(now, UTC)
        before = dict(document)
        document.pop("StateReasonData", None)
        document |= {"StateValue": state.value, "StateReason": reason, "StateUpdatedTimestamp": at}
        document |= {"StateTransitionedTimestamp": at, **({"StateReasonData": data} if data else {})}
        change = Change(alarm, before, dict(document), now)
        self.changed(change)
        if isinstance(alarm, CompositeAlarm) and alarm.suppressor:
            alarm.owed = change
            rings = self._state_of(alarm.suppressor) is State.ALARM
            suppression = alarm.suppression.alarm_changed(now, alarm.periods, suppressor_rings=rings)
            self._suppress(alarm, suppression.elapsed(now))
        else:
            self.act(change)
        for parent in self.parents(alarm.arn):
            self._tell(parent, change)

    def _tell(self, parent: CompositeAlarm, change: Change) -> None:
        """Let a composite alarm know of another state of a child, or of its suppressor."""
        child, now = change.alarm, change.at
        if parent.suppressor == child.arn and State.ALARM in (change.before["StateValue"], child.state):
            rings = child.state is State.ALARM
            suppression = parent.suppression.suppressor_changed(now, parent.periods, rings=rings)
            self._suppress(parent, suppression.elapsed(now))
        if child.arn in parent.children:
            moment = datetime.fromtimestamp(now, UTC).strftime("%A %d %B, %Y %H:%M:%S UTC")
            reason = f"{child.arn} transitioned to {child.state} at {moment}"
            self._evaluate_composite(parent, now, lambda _state: reason, [child.arn])

    def _evaluate_composite(
        self, alarm: CompositeAlarm, now: float, reason: Callable[[State], str], triggers: Iterable[str]
    ) -> None:
        """Evaluate a composite alarm; where the rules go round in a circle, it ends with the first."""
        if alarm.arn in self._path:
            return
        self._path.add(alarm.arn)
        state = self._state_by_rule(alarm)
        documents = [self._alarms[arn].document for arn in triggers if arn in self._alarms]
        self._set(alarm, state, reason(state), reasons.triggers(documents), now)
        self._path.discard(alarm.arn)

    def _state_by_rule(self, alarm: CompositeAlarm) -> State:
        rings = alarm.rule.holds(lambda child: self._state_of(alarm.arn_of(child)))
        return State.ALARM if rings else State.OK

    def _state_of(self, arn: str) -> State | None:
        alarm = self._alarms.get(arn)
        return alarm.state if alarm is not None else None

    def _suppress(self, alarm: CompositeAlarm, suppression: Suppression) -> None:
        """Let a composite alarm's actions be suppressed like this, or take those that it owes."""
        owed = alarm.owed if suppression.takes_actions else None
        alarm.suppression = replace(suppression, owes=suppression.owes and owed is None)
        if suppression.by is None:
            alarm.document.pop("ActionsSuppressedBy", None)
            alarm.document.pop("ActionsSuppressedReason", None)
        else:
            alarm.document["ActionsSuppressedBy"] = suppression.by.value
            alarm.document["ActionsSuppressedReason"] = f"Actions suppressed by {suppression.by}"
        if owed is not None:
            alarm.owed = None
            self.act(owed)
        if suppression.until is not None:
            self._timetable.expect(suppression.until)

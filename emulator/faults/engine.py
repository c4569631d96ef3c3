"""The faults that are set now, and the log of their firings.

The code at a fault point calls `FAULTS.fire(...)` for each event; while no fault is set at that point the call costs
one dictionary look-up.
"""

import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from wavetank.emulator.faults.decide import Occasion, fires
from wavetank.emulator.faults.model import Fault, InvalidFaultError, Value, document
from wavetank.emulator.faults.parse import parse
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.runtime.clock import CLOCK, Clock

LOG_LENGTH = 100_000
"""The number of firings that are kept; older ones are forgotten first."""


@dataclass(frozen=True)
class Firing:
    """A fault that fired at an event: when (emulator time), which fault, and the target and identity of the event."""

    number: int
    at: float
    fault: str
    point: Point
    action: Action
    target: Mapping[str, str]
    identity: str
    parameters: Mapping[str, Value]
    gone: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set once the fault is taken away or changed."""

    def seconds(self, parameter: str = "delay_s") -> float:
        """A parameter that is a length of time, in emulator seconds."""
        return float(self.parameters[parameter])


@dataclass
class _Armed:
    """A fault with its counts: events matched, firings, and events by identity."""

    fault: Fault
    added_at: float
    matched: int = 0
    fired: int = 0
    occurrences: Counter[str] = field(default_factory=Counter)
    gone: threading.Event = field(default_factory=threading.Event)

    def ordinal(self, identity: str) -> str:
        """The identity, suffixed with `#n` from its second occurrence on."""
        number = self.occurrences[identity]
        return identity if number < 2 else f"{identity}#{number}"

    def fires(self, identity: str, now: float) -> bool:
        """Count an event that matches, and decide whether the fault fires at it."""
        self.matched += 1
        repeat = self.occurrences[identity]
        self.occurrences[identity] += 1
        occasion = Occasion(self.matched, identity, repeat=repeat, fired=self.fired, elapsed_s=now - self.added_at)
        return fires(self.fault, occasion)


@dataclass(frozen=True)
class FaultStatus:
    """A fault that is set, how many events it has matched, and at how many of them it fired."""

    fault: Fault
    matched: int
    fired: int


class Faults:
    """The register of faults; every method may be called from any thread."""

    def __init__(self, clock: Clock = CLOCK) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._names = itertools.count(1)
        self._armed: dict[str, _Armed] = {}
        self._by_point: dict[Point, tuple[_Armed, ...]] = {}
        self._fired = 0
        self._log: deque[Firing] = deque(maxlen=LOG_LENGTH)

    def add(self, given: object) -> Fault:
        """Set a fault from its JSON document; faults that were added earlier go first.

        Raises InvalidFaultError when the document is not a fault or its id is taken.
        """
        with self._lock:
            free_name = next(name for name in (f"fault-{n}" for n in self._names) if name not in self._armed)
            fault = parse(given, default_id=free_name)
            if fault.id in self._armed:
                raise InvalidFaultError(f"there is a fault with id {fault.id!r} already; remove it first")
            self._armed[fault.id] = _Armed(fault, self._clock.now())
            self._index()
        return fault

    def change(self, fault_id: str, changes: Mapping[str, object]) -> Fault | None:
        """Change fields of a fault, which keeps its place and starts to count anew; None when there is none.

        Raises InvalidFaultError when the result is not a fault, or for another id.
        """
        with self._lock:
            armed = self._armed.get(fault_id)
            if armed is None:
                return None
            fault = parse({**document(armed.fault), **changes}, default_id=fault_id)
            if fault.id != fault_id:
                raise InvalidFaultError(f"the id of a fault cannot be changed, it is {fault_id!r}")
            armed.gone.set()
            self._armed[fault_id] = _Armed(fault, self._clock.now())
            self._index()
        return fault

    def replace(self, prefix: str, documents: Sequence[Mapping[str, object]]) -> list[Fault]:
        """Set these faults, named `prefix` and a number, in the place of all whose ids begin with `prefix`.

        Raises InvalidFaultError when one is not a fault; nothing has changed then.
        """
        faults = [parse(item, default_id=f"{prefix}{number}") for number, item in enumerate(documents, 1)]
        with self._lock:
            for fault_id in [name for name in self._armed if name.startswith(prefix)]:
                self._armed.pop(fault_id).gone.set()
            self._armed.update((fault.id, _Armed(fault, self._clock.now())) for fault in faults)
            self._index()
        return faults

    def remove(self, fault_id: str) -> bool:
        """Take one fault away; False when there is none of that id."""
        with self._lock:
            removed = self._armed.pop(fault_id, None)
            if removed is not None:
                removed.gone.set()
            self._index()
        return removed is not None

    def clear(self) -> int:
        """Take every fault away and say how many there were; the activity log stays."""
        with self._lock:
            number = len(self._armed)
            for armed in self._armed.values():
                armed.gone.set()
            self._armed.clear()
            self._index()
        return number

    def statuses(self) -> list[FaultStatus]:
        """The faults that are set, oldest first."""
        with self._lock:
            return [FaultStatus(armed.fault, armed.matched, armed.fired) for armed in self._armed.values()]

    def fire(self, point: Point, target: Mapping[str, str], identity: str | Callable[[], str]) -> Firing | None:
        """The fault that fires at this event, or None; the firing is in the activity log when this returns.

        Of the faults that would fire, the first that was added acts. `identity` names the event in words that are the
        same in every run (a key, a sequence number; not a request id); where it is expensive, a function is called for
        it only for an event that a fault matches.
        """
        matching = [armed for armed in self._by_point.get(point, ()) if armed.fault.matches(target)]
        if not matching:
            return None
        name = identity if isinstance(identity, str) else identity()
        now = self._clock.now()
        with self._lock:
            # Every fault that matches counts the event, also those behind the one that acts.
            firing_now = [armed for armed in matching if armed.fires(name, now)]
            if not firing_now:
                return None
            armed, fault = firing_now[0], firing_now[0].fault
            armed.fired += 1
            self._fired += 1
            firing = Firing(
                number=self._fired,
                at=now,
                fault=fault.id,
                point=fault.point,
                action=fault.action,
                target=dict(target),
                identity=armed.ordinal(name),
                parameters=fault.parameters,
                gone=armed.gone,
            )
            self._log.append(firing)
            return firing

    def armed(self, point: Point) -> bool:
        """Whether any fault is set at a point: ask before going to expense for a target."""
        return point in self._by_point

    def activity(self, after: int = 0, limit: int = 1000) -> list[Firing]:
        """Up to `limit` firings with a number greater than `after`, oldest first; numbers start at 1."""
        with self._lock:
            skipped = max(0, after - (self._log[0].number - 1)) if self._log else 0
            return list(itertools.islice(self._log, skipped, skipped + limit))

    def forget_activity(self) -> None:
        """Empty the activity log; numbers go on where they were."""
        with self._lock:
            self._log.clear()

    def _index(self) -> None:
        by_point = {name: tuple(armed for armed in self._armed.values() if armed.fault.point == name) for name in Point}
        self._by_point = {name: armed for name, armed in by_point.items() if armed}


FAULTS = Faults()

"""The run of one shard of a mapping: a thread that reads it, and one thread a lane that feeds the function."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Protocol

from wavetank.emulator.lambda_.mappings.checkpoints import IteratorType, Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.event import EventWriter, RawRecord, Record
from wavetank.emulator.lambda_.mappings.stream.core.lane import GiveUp, Invoke, Wait
from wavetank.emulator.lambda_.mappings.stream.core.progress import Progress
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard, Step, wait_s
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
from wavetank.emulator.lambda_.mappings.stream.stream_client import Page, PlaceLost, StreamGone, StreamUnavailable
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

LOG = logging.getLogger(__name__)

HOP = "lambda.event-source"
SAFETY_POLL_S = 60.0
"""A shard is read when its stream's bell rings; so often, by the wall clock, also without."""


class Stream(Protocol):
    """The stream that a shard run reads from."""

    def iterator(self, shard_id: str, position: Position) -> str: ...
    def read(self, iterator: str) -> Page: ...


class Delivery(Protocol):
    """The receiver of the batches of a shard run; `passes` says which records the mapping's filters let through."""

    def deliver(self, shard_id: str, records: tuple[Record, ...]) -> Outcome: ...
    def give_up(self, shard_id: str, discard: Discard) -> None: ...
    def passes(self, raws: Sequence[RawRecord], shard_id: str) -> list[bool] | None: ...


@dataclass(frozen=True)
class ShardPorts:
    """The stream and the receiver that the shard runs of one mapping share.

    `changed` is called when a shard has been read to its end.
    """

    settings: MappingSettings
    stream: Stream
    delivery: Delivery
    changed: Callable[[], None]
    retention_s: Callable[[], float]


class ShardRun:
    """Reads and delivers one shard until it is stopped or the shard has ended and all of it is done."""

    def __init__(self, shard_id: str, start: Position, ports: ShardPorts) -> None:
        self.shard_id = shard_id
        self._ports = ports
        self._settings = ports.settings
        self._writer = EventWriter(self._settings.source_arn, self._settings.region, self._settings.role_arn, shard_id)
        self._lock = threading.Lock()
        self._progress = Progress(self._settings, start)
        self._place = start
        self._iterator = start.iterator
        # Clients cut the time of AT_TIMESTAMP to whole seconds: what is older is left out here.
        self._oldest_arrival = int(start.timestamp * 1000) / 1000
        self._bell = Alarm()
        self._lane_alarms = tuple(Alarm() for _ in self._progress.lanes)
        self._stopping = threading.Event()
        self._invoking: set[int] = set()
        self._at_tip = False
        self._ended = False
        self._trouble = ""
        self._read_at: float | None = None
        self._threads = [threading.Thread(target=self._read_on, name=f"esm-read-{shard_id}", daemon=True)]
        for lane in range(len(self._progress.lanes)):
            name = f"esm-lane-{shard_id}-{lane}"
            self._threads.append(threading.Thread(target=self._work_lane, args=(lane,), name=name, daemon=True))

    def start(self) -> None:
        """Begin to read."""
        STREAM_WRITES.listen(self._settings.stream_arn, self._bell)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask for the end: batches with the function are finished, nothing new is begun."""
        self._stopping.set()
        STREAM_WRITES.unlisten(self._settings.stream_arn, self._bell)
        self._bell.set()
        self._wake_lanes()

    def join(self) -> Position:
        """Wait until every thread has ended; return where a later run goes on."""
        for thread in self._threads:
            thread.join()
        return self._progress.checkpoint()

    def flush(self) -> None:
        """Close the batching window now."""
        with self._lock:
            changed = [lane.window.flush() for lane in self._progress.lanes]
        if any(changed):
            self._wake_lanes()

    def hurry(self) -> None:
        """Close the batching window, and let a batch that waits to be tried again be tried now."""
        with self._lock:
            for lane in self._progress.lanes:
                lane.window.flush()
                lane.hurry()
        self._wake_lanes()

    @property
    def is_drained(self) -> bool:
        """Whether the shard has ended and everything in it is done."""
        with self._lock:
            return self._ended and self._progress.outstanding == 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing that was read is still to be done."""
        with self._lock:
            return self._progress.outstanding == 0

    def pending(self) -> list[Pending]:
        """The work that this shard still has; once it is stopped, only what is with the function."""
        title, function = f"mapping {self._settings.title} {self.shard_id}", self._settings.function_name
        with self._lock:
            works = [lane.under_way for lane in self._progress.lanes]
            outstanding = self._progress.outstanding
            behind = self._bell.is_set() or not self._at_tip
            stopping, invoking = self._stopping.is_set(), bool(self._invoking)
        if stopping:
            return [Pending(HOP, function, f"{title}: last batch before it stops")] if invoking else []
        now = CLOCK.now()
        items = [
            Pending(
                HOP, function, f"{title}: {work.description(now)}", work.not_before if work.not_before > now else None
            )
            for work in works
            if work is not None
        ]
        if outstanding and not items:
            items.append(Pending(HOP, function, f"{title}: {outstanding} records wait for a batch"))
        if behind and not items:
            what = f"{title}: not read to the tip {self._trouble}".rstrip()
            items.append(Pending(HOP, function, what, self._read_at))
        return items

    # Reading

    def _read_on(self) -> None:
        troubles = 0
        while not self._stopping.is_set() and not self._ended:
            # Behind first, then the bell: whoever looks in between must not find it quiet.
            self._at_tip = False
            self._read_at = None
            self._bell.clear()
            if self._stopping.is_set():
                return
            try:
                wait = self._read_once()
                troubles, self._trouble = 0, ""
            except StreamGone as error:
                # The mapping finds out what has become of the stream. Until then nothing is known to be read, and the
                # iterator stays: no other stream takes it, so that a new one is not read from this run's place.
                troubles += 1
                self._trouble = f"({error})"
                wait = wait_s(troubles)
                self._ports.changed()
            except Exception as error:
                troubles += 1
                self._trouble = f"({error})"
                wait = self._recover(error, troubles)
            if wait > 0:
                self._read_at = CLOCK.now() + wait if self._trouble else None
                self._bell.wait(wait, patience=SAFETY_POLL_S)

    def _read_once(self) -> float:
        """Read one page and share it out; return how long to wait before the next, if the bell does not ring."""
        with self._lock:
            if not self._progress.has_room:
                return inf
        looked_at = CLOCK.now()
        if not self._iterator:
            self._iterator = self._ports.stream.iterator(self.shard_id, self._place.lasting())
        page = self._ports.stream.read(self._iterator)
        if page.records:
            self._accept(page)
        self._iterator = page.next_iterator or ""
        if page.next_iterator is None:
            # No more records will come: what waits for a full batch goes as it is.
            with self._lock:
                self._ended = True
            self.flush()
            self._wake_lanes()
            self._ports.changed()
        elif page.millis_behind == 0:
            # A shard whose tip was asked for keeps this place until a record comes.
            if self._place.kind is IteratorType.LATEST:
                self._place = Position(IteratorType.LATEST, timestamp=looked_at, iterator=self._iterator)
            with self._lock:
                self._progress.stands_at(self._place)
                self._at_tip = True
        return inf if self._at_tip else 0.0

    def _accept(self, page: Page) -> None:
        write = self._writer.write
        records = [write(raw) for raw in page.records]
        keys = [raw["PartitionKey"] for raw in page.records]
        passes = self._ports.delivery.passes(page.records, self.shard_id)
        if records[0].arrived < self._oldest_arrival:
            young = [record.arrived >= self._oldest_arrival for record in records]
            passes = young if passes is None else [a and b for a, b in zip(young, passes, strict=True)]
        with self._lock:
            self._progress.accept(records, keys, passes, CLOCK.now())
        self._place = after_record(records[-1].sequence)
        self._wake_lanes()

    def _recover(self, error: Exception, troubles: int) -> float:
        """Find the place anew, at once for the first trouble; return how long to wait before.

        A sequence number that the stream does not know is one of an older stream of this name: the mapping finds that
        out, and begins with the new one.
        """
        had_iterator, self._iterator = bool(self._iterator), ""
        if not isinstance(error, StreamUnavailable):
            LOG.exception("%s %s: reading failed", self._settings.title, self.shard_id)
        if isinstance(error, PlaceLost):
            self._place = self._place.lasting()
            if had_iterator:
                return 0.0
            self._ports.changed()
        return wait_s(troubles)

    # Delivering

    def _work_lane(self, lane: int) -> None:
        alarm = self._lane_alarms[lane]
        while not self._stopping.is_set():
            alarm.clear()
            if self._stopping.is_set():
                return
            now = CLOCK.now()
            with self._lock:
                task = self._progress.lanes[lane].next(now, self._ports.retention_s())
                finished = self._ended and self._progress.outstanding == 0
            if finished:
                self._wake_lanes()  # They end too.
                self._ports.changed()
                return
            match task:
                case Wait(until):
                    alarm.wait(None if until is None else until - now)
                case GiveUp(step):
                    self._take(lane, step)
                case Invoke(work):
                    with self._lock:
                        self._invoking.add(lane)
                    outcome = self._ports.delivery.deliver(self.shard_id, work.records)
                    self._take(lane, self._progress.lanes[lane].decide(outcome, CLOCK.now()))
                    with self._lock:
                        self._invoking.discard(lane)

    def _take(self, lane: int, step: Step) -> None:
        """Report what is given up, then count it as done, then let the reader go on."""
        if step.discard is not None:
            self._ports.delivery.give_up(self.shard_id, step.discard)
        with self._lock:
            self._progress.apply(lane, step)
        if step.finished and not self._at_tip:
            self._bell.set()

    def _wake_lanes(self) -> None:
        for alarm in self._lane_alarms:
            alarm.set()

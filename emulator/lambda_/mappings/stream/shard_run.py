"""One shard of a running mapping: a thread that reads it, and one thread a lane that feeds the function."""

import logging
import threading
from math import inf

from wavetank.emulator.lambda_.mappings.stream.core.event import EventWriter
from wavetank.emulator.lambda_.mappings.stream.core.lane import GiveUp, Invoke, Wait
from wavetank.emulator.lambda_.mappings.stream.core.position import IteratorType, Position, after_record
from wavetank.emulator.lambda_.mappings.stream.core.progress import Progress
from wavetank.emulator.lambda_.mappings.stream.core.retry import Step, Work, wait_s
from wavetank.emulator.lambda_.mappings.stream.ports import Surroundings
from wavetank.emulator.lambda_.mappings.stream.stream_client import Page, PlaceLost, StreamGone, StreamUnavailable
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

LOG = logging.getLogger(__name__)

HOP = "lambda.event-source"
SAFETY_POLL_S = 60.0
"""A shard is read when its stream's bell rings; so often, by the wall clock, also without."""


class ShardRun:
    """Reads and delivers one shard until it is stopped or the shard has ended and all of it is done."""

    def __init__(self, shard_id: str, start: Position, around: Surroundings) -> None:
        self.shard_id = shard_id
        self._around = around
        self._settings = around.settings
        self._writer = EventWriter(self._settings.source_arn, self._settings.region, self._settings.role_arn, shard_id)
        self._lock = threading.Lock()
        self._progress = Progress(self._settings, start)
        self._place = start
        self._iterator = start.iterator
        # Clients cut the time of AT_TIMESTAMP to whole seconds: what is older is left out here.
        self._oldest_wanted = int(start.timestamp * 1000) / 1000
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
            changed = [lane.flush() for lane in self._progress.lanes]
        if any(changed):
            self._wake_lanes()

    def hurry(self) -> None:
        """Close the batching window, and let a batch that waits to be tried again be tried now."""
        with self._lock:
            for lane in self._progress.lanes:
                lane.flush()
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
        """What of this shard is still to be done; once it is stopped, only what is with the function."""
        title, function = f"mapping {self._settings.title} {self.shard_id}", self._settings.function_name
        with self._lock:
            works = [lane.under_way for lane in self._progress.lanes]
            held = self._progress.outstanding
            behind = self._bell.is_set() or not self._at_tip
            stopping, invoking = self._stopping.is_set(), bool(self._invoking)
        if stopping:
            return [Pending(HOP, function, f"{title}: last batch before it stops")] if invoking else []
        now = CLOCK.now()
        found = [
            Pending(HOP, function, f"{title}: {work.told(now)}", work.not_before if work.not_before > now else None)
            for work in works
            if work is not None
        ]
        if held and not found:
            found.append(Pending(HOP, function, f"{title}: {held} records wait for a batch"))
        if behind and not found:
            what = f"{title}: not read to the tip {self._trouble}".rstrip()
            found.append(Pending(HOP, function, what, self._read_at))
        return found

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
                self._around.changed()
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
            self._iterator = self._around.stream.iterator(self.shard_id, self._place.lasting())
        page = self._around.stream.read(self._iterator)
        if page.records:
            self._accept(page)
        self._iterator = page.next_iterator or ""
        if page.next_iterator is None:
            self._end()
        elif page.millis_behind == 0:
            self._rest_at_tip(looked_at)
        return inf if self._at_tip else 0.0

    def _accept(self, page: Page) -> None:
        write = self._writer.write
        records = [write(raw) for raw in page.records]
        keys = [raw["PartitionKey"] for raw in page.records]
        wanted = self._around.delivery.wanted(page.records, self.shard_id)
        if records[0].arrived < self._oldest_wanted:
            young = [record.arrived >= self._oldest_wanted for record in records]
            wanted = young if wanted is None else [a and b for a, b in zip(young, wanted, strict=True)]
        with self._lock:
            self._progress.accept(records, keys, wanted, CLOCK.now())
        self._place = after_record(records[-1].sequence)
        self._wake_lanes()

    def _rest_at_tip(self, looked_at: float) -> None:
        """Nothing more for now; a shard whose tip was asked for keeps this place until a record comes."""
        if self._place.kind is IteratorType.LATEST:
            self._place = Position(IteratorType.LATEST, timestamp=looked_at, iterator=self._iterator)
        with self._lock:
            self._progress.stands_at(self._place)
            self._at_tip = True

    def _end(self) -> None:
        """No more records will come: what waits for a full batch goes as it is."""
        with self._lock:
            self._ended = True
        self.flush()
        self._wake_lanes()
        self._around.changed()

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
            self._around.changed()
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
                task = self._progress.next(lane, now, self._around.retention_s())
                finished = self._ended and self._progress.outstanding == 0
            if finished:
                self._finish()
                return
            match task:
                case Wait(until):
                    alarm.wait(None if until is None else until - now)
                case GiveUp(step):
                    self._take(lane, step)
                case Invoke(work):
                    self._deliver(lane, work)

    def _deliver(self, lane: int, work: Work) -> None:
        with self._lock:
            self._invoking.add(lane)
        outcome = self._around.delivery.deliver(self.shard_id, work.records)
        self._take(lane, self._progress.decide(lane, outcome, CLOCK.now()))
        with self._lock:
            self._invoking.discard(lane)

    def _take(self, lane: int, step: Step) -> None:
        """Report what is given up, then count it as done, then let the reader go on."""
        if step.discard is not None:
            self._around.delivery.give_up(self.shard_id, step.discard)
        with self._lock:
            self._progress.apply(lane, step)
        if step.finished and not self._at_tip:
            self._bell.set()

    def _finish(self) -> None:
        """The shard has ended and is done: wake the other lanes, which end too, and the mapping."""
        self._wake_lanes()
        self._around.changed()

    def _wake_lanes(self) -> None:
        for alarm in self._lane_alarms:
            alarm.set()

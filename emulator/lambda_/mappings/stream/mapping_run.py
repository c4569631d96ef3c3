"""The run of a mapping: one run for each shard that may be read, from when it is enabled until it is stopped."""

import logging
import threading
from collections.abc import Callable

from wavetank.emulator.lambda_.mappings.checkpoints import (
    OLDEST,
    IteratorType,
    MappingCheckpoints,
    Position,
    first_position,
    readable,
)
from wavetank.emulator.lambda_.mappings.life_cycle import LifeCycle, begin
from wavetank.emulator.lambda_.mappings.stream.core.retry import wait_s
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings, Start
from wavetank.emulator.lambda_.mappings.stream.shard_run import HOP, SAFETY_POLL_S, Delivery, ShardPorts, ShardRun
from wavetank.emulator.lambda_.mappings.stream.stream_client import StreamClient, StreamGone, View
from wavetank.emulator.pending import Pending
from wavetank.emulator.runtime.clock import CLOCK, Alarm
from wavetank.emulator.runtime.doorbell import STREAM_WRITES

LOG = logging.getLogger(__name__)


class MappingRun:
    """Keeps the shard runs of one mapping in step with the shards of its stream."""

    def __init__(self, settings: MappingSettings, checkpoints: MappingCheckpoints, delivery: Delivery) -> None:
        self._settings = settings
        self._checkpoints = checkpoints
        self._stream = StreamClient(settings.stream_arn, settings.function_arn, settings.role_arn)
        self._alarm = Alarm()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._runs: dict[str, ShardRun] = {}
        self._looking = True
        self._trouble = ""
        self._look_at: float | None = None
        self._gone = False
        self._retention_s = float("inf")
        self._ports = ShardPorts(
            settings=settings,
            stream=self._stream,
            delivery=delivery,
            changed=self._alarm.set,
            retention_s=lambda: self._retention_s,
        )

    def prepare(self) -> None:
        """Fix where a new mapping starts, so that LATEST means "when the mapping was made"; trouble can wait."""
        if self._checkpoints.lease.acquire(blocking=False):
            try:
                self._recognise(self._stream.look())
            except Exception as error:
                LOG.info("%s: will look for its start later: %s", self._settings.title, error)
            finally:
                self._checkpoints.lease.release()

    def start(self, life: LifeCycle) -> None:
        """Begin, as soon as an earlier run of this mapping has ended."""
        begin(self, HOP, self._settings.uuid, self._checkpoints.lease, life)

    def stop(self) -> None:
        """Ask for the end; what is with the function is finished and counted first."""
        self._stopping.set()
        self._alarm.set()
        for run in self._shard_runs():
            run.stop()

    def flush(self) -> None:
        """Close the batching windows now."""
        for run in self._shard_runs():
            run.flush()

    def discard(self) -> None:
        """Have every batch tried now: what arrived before a reset is not delivered any more."""
        for run in self._shard_runs():
            run.hurry()

    def pending(self) -> list[Pending]:
        """The work that the mapping still has."""
        # In this order: a look is announced before the alarm is cleared, and over once it has begun what it found.
        looking = self._alarm.is_set() or self._looking
        items = [item for run in self._shard_runs() for item in run.pending()]
        if looking and not items and not self._stopping.is_set():
            what = f"mapping {self._settings.title}: looking at its stream {self._trouble}".rstrip()
            items.append(Pending(HOP, self._settings.function_name, what, self._look_at))
        return items

    def _shard_runs(self) -> list[ShardRun]:
        with self._lock:
            return list(self._runs.values())

    def serve(self, begun: Callable[[], None]) -> None:
        """Keep the shard runs in step until it is stopped; then their places are checkpoints."""
        if not self._stopping.is_set():
            self._supervise(begun)
        for run in self._shard_runs():
            run.stop()
        for run in self._shard_runs():
            self._checkpoints.positions[run.shard_id] = run.join()

    def unlisten(self) -> None:
        """Hear of no more writes."""
        STREAM_WRITES.unlisten(self._settings.stream_arn, self._alarm)

    def _supervise(self, begun: Callable[[], None]) -> None:
        troubles = 0
        is_new = True
        while not self._stopping.is_set():
            self._looking, self._look_at = True, None
            self._alarm.clear()
            wait = None
            try:
                self._look()
                troubles, self._trouble, self._looking = 0, "", False
            except Exception as error:
                troubles += 1
                wait, self._trouble = wait_s(troubles), f"({error})"
                self._look_at = CLOCK.now() + wait
                LOG.info("%s: %s", self._settings.title, error)
            if is_new and not self._looking:
                is_new = False
                begun()
            if not self._stopping.is_set():
                self._alarm.wait(wait, patience=SAFETY_POLL_S)

    def _look(self) -> None:
        try:
            view = self._stream.look()
        except StreamGone:
            # Whether a stream of its name that comes later is the same is seen then.
            if not self._gone:
                LOG.info("%s: there is no such stream", self._settings.title)
                self._gone = True
                STREAM_WRITES.listen(self._settings.stream_arn, self._alarm)
            for run in self._shard_runs():
                self._checkpoints.positions[run.shard_id] = self._end(run)
            self._checkpoints.started = True
        else:
            self._keep_in_step(view)

    def _keep_in_step(self, view: View) -> None:
        """Start what may be read now, then let go of the shards that are done, so that it never looks quiet."""
        self._recognise(view)
        self._retention_s = view.retention_s
        shard_ids = {shard.shard_id for shard in view.shards}
        over = [run for run in self._shard_runs() if run.is_drained or (run.shard_id not in shard_ids and run.is_idle)]
        self._checkpoints.finished.update(run.shard_id for run in over)
        self._checkpoints.forget_expired(shard_ids)
        for shard_id in readable(view.shards, self._checkpoints.finished):
            if shard_id not in self._runs and not self._stopping.is_set():
                new = ShardRun(shard_id, self._checkpoints.positions.get(shard_id, OLDEST), self._ports)
                with self._lock:
                    self._runs[shard_id] = new
                new.start()
        for run in over:
            self._end(run)
            self._checkpoints.positions.pop(run.shard_id, None)
        if self._gone:
            self._gone = False
            STREAM_WRITES.unlisten(self._settings.stream_arn, self._alarm)

    def _end(self, run: ShardRun) -> Position:
        run.stop()
        position = run.join()
        with self._lock:
            del self._runs[run.shard_id]
        return position

    def _recognise(self, view: View) -> None:
        """Note which stream it is; a place in an earlier one of the same name is none in this one.

        Every shard that is there when the mapping begins gets a first place; later ones are read whole.
        """
        if self._checkpoints.are_of_another(view.created):
            LOG.info("%s: the stream is another one than before", self._settings.title)
            for run in self._shard_runs():
                self._end(run)
            self._checkpoints.begin_anew()
        self._checkpoints.created = view.created
        if self._checkpoints.started:
            return
        settings = self._settings
        positions: dict[str, Position] = {}
        for shard in view.shards:
            place = first_position(settings.start, settings.start_timestamp)
            if settings.start is Start.LATEST:
                if not shard.is_open:
                    continue
                now = CLOCK.now()
                iterator = self._stream.iterator(shard.shard_id, place)
                place = Position(IteratorType.LATEST, timestamp=now, iterator=iterator)
            positions[shard.shard_id] = place
        self._checkpoints.positions.update(positions)
        self._checkpoints.finished.update({shard.shard_id for shard in view.shards} - positions.keys())
        self._checkpoints.started = True

"""Feeds a source to the raw streams: read, map, encode, put, and account for every line.

Each line that was read is blank, rejected, acknowledged, failed (the stream surely has no copy) or unknown
(it may have one); the lines that are not acknowledged are kept in the file of rejected lines.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from wavetank.scenarios.client.batches import MAX_RECORD_BYTES, Message
from wavetank.scenarios.client.journal import Journal
from wavetank.scenarios.client.producer import Delivery, Producer
from wavetank.scenarios.client.wire import EncodingError, FrameTooLargeError
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.workload.mapper import Mapper
from wavetank.scenarios.workload.rejects import RejectFile, Rejection, RejectReason
from wavetank.scenarios.workload.rows import Row
from wavetank.scenarios.workload.synthetic import WorkloadEvent


@dataclass
class FeedCounts:
    """The lines that were read, by their fate. `retried`: records sent again; `gave_up`: why a feed ended early."""

    read: int = 0
    blank: int = 0
    rejected: int = 0
    acknowledged: int = 0
    failed: int = 0
    unknown: int = 0
    retried: int = 0
    duration_s: float = 0.0
    gave_up: str | None = None

    @property
    def accounted(self) -> int:
        """Lines whose fate is known; equal to `read` once the feed is over."""
        return self.blank + self.rejected + self.acknowledged + self.failed + self.unknown

    @property
    def all_acknowledged(self) -> bool:
        """Whether everything that was read, blank lines aside, is on the streams."""
        return self.gave_up is None and self.read == self.blank + self.acknowledged

    @property
    def events_per_s(self) -> float:
        """Acknowledged events per second, from the first line read to the last answer."""
        return self.acknowledged / self.duration_s if self.duration_s else 0.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """A line on its way: its number, the message made of it, and what it was made of; `again`: from the journal."""

    number: int
    message: Message
    event: WorkloadEvent | None = None
    line: bytes | None = None
    again: bool = False

    @property
    def original(self) -> bytes:
        """The line, or for an event that came from no line its record as JSON."""
        if self.line is not None or self.event is None:
            return self.line or b""
        return json.dumps(dict(self.event.record), ensure_ascii=False).encode()


Progress = Callable[[FeedCounts], None]
"""Called with the counts so far after each batch, in the feeding thread."""


@dataclass
class Feed:
    """A feed of one source. Setting `stop` ends it in order: what was read is still sent, nothing is read or repeated.

    With a `journal`, what waits in it is sent first, and the source is taken from where the journal has read it to.
    """

    producer: Producer
    rejects: RejectFile
    stop: threading.Event
    progress: Progress = lambda _counts: None
    counts: FeedCounts = field(default_factory=FeedCounts)
    journal: Journal | None = None
    _on_the_way: dict[int, Prepared] = field(default_factory=dict, repr=False)

    def rows(self, rows: Iterable[Row], mapper: Mapper) -> FeedCounts:
        """Feed the rows of a source. Raises OSError where the file of rejected lines cannot be written."""
        return self._run(self._prepared_rows(rows, mapper))

    def events(self, events: Iterable[WorkloadEvent]) -> FeedCounts:
        """Feed events that are there already; they are numbered from 1 as lines are."""
        return self._run(self._prepared_events(events))

    def _run(self, source: Iterator[Prepared]) -> FeedCounts:
        started = time.monotonic()
        try:
            for delivery in self.producer.sender.flow(self._messages(chain(self._waiting(), source))):
                self._account(delivery)
                self.counts.duration_s = time.monotonic() - started
                self.progress(self.counts)
        finally:
            self.rejects.close()
            if self.journal is not None:
                self.journal.close()
        self.counts.duration_s = time.monotonic() - started
        self.progress(self.counts)
        return self.counts

    def _messages(self, source: Iterator[Prepared]) -> Iterator[Message]:
        for position, prepared in enumerate(source):
            self._on_the_way[position] = prepared
            if self.journal is not None and not prepared.again:
                self.journal.keep(prepared.number, prepared.message, prepared.original)
            yield prepared.message

    def _waiting(self) -> Iterator[Prepared]:
        """The messages that an earlier run was given and got no acknowledgement for."""
        for number, message, original in self.journal.waiting() if self.journal is not None else ():
            self.counts.read += 1
            yield Prepared(number, message, line=original, again=True)
            if self.stop.is_set():
                return

    def _is_read(self, number: int) -> bool:
        return self.journal is not None and number <= self.journal.read

    def _pass(self, number: int) -> None:
        if self.journal is not None:
            self.journal.passed(number)

    def _prepared_rows(self, rows: Iterable[Row], mapper: Mapper) -> Iterator[Prepared]:
        for row in rows:
            if self._is_read(row.number):
                continue
            self.counts.read += 1
            if row.is_blank:
                self.counts.blank += 1
                self._pass(row.number)
            elif isinstance(made := self._make(row, mapper), Rejection):
                self.counts.rejected += 1
                self.rejects.add(row.number, made, row.data)
                self._pass(row.number)
            else:
                yield made
            if self.stop.is_set():
                return

    def _prepared_events(self, events: Iterable[WorkloadEvent]) -> Iterator[Prepared]:
        for number, event in enumerate(events, start=1):
            if self._is_read(number):
                continue
            self.counts.read += 1
            yield Prepared(number, self.producer.message(event), event)
            if self.stop.is_set():
                return

    def _make(self, row: Row, mapper: Mapper) -> Prepared | Rejection:
        try:
            event = mapper.event_of(row)
            if isinstance(event, Rejection):
                return event
            message = self.producer.message(event)
        except RecursionError:
            return Rejection(RejectReason.NOT_JSON, "nested too deeply")
        except FrameTooLargeError as error:
            return Rejection(RejectReason.TOO_LARGE, str(error))
        except EncodingError as error:
            return Rejection(RejectReason.BAD_RECORD, str(error))
        if message.size > MAX_RECORD_BYTES:
            rule = f"{message.size:,} bytes with its key, and a record holds {MAX_RECORD_BYTES:,} at most"
            return Rejection(RejectReason.TOO_LARGE, rule)
        kept = Message(message.stream, message.key, message.data, original=len(row.data))
        return Prepared(row.number, kept, line=row.data)

    def _account(self, delivery: Delivery) -> None:
        for position, receipt in zip(delivery.batch.positions, delivery.receipts, strict=True):
            prepared = self._on_the_way.pop(position)
            self.counts.retried += max(receipt.attempts - 1, 0)
            if receipt.outcome is Outcome.OK:
                self.counts.acknowledged += 1
                if self.journal is not None:
                    self.journal.acknowledge([prepared.number])
                continue
            if receipt.outcome is Outcome.FAIL:
                self.counts.failed += 1
                reason, fate = RejectReason.REFUSED, "the stream refused it"
            else:
                self.counts.unknown += 1
                reason, fate = RejectReason.UNKNOWN_OUTCOME, "the stream may have taken it"
            message = f"{fate} after {receipt.attempts} attempts: {receipt.reason}"
            self.rejects.add(prepared.number, Rejection(reason, message), prepared.original)
        if not any(receipt.outcome is Outcome.OK for receipt in delivery.receipts) and not self.stop.is_set():
            # A stream that takes nothing of a whole batch, however often asked, takes nothing of the next.
            self.counts.gave_up = f"{delivery.batch.stream} took no record: {delivery.receipts[-1].reason}"
            self.stop.set()

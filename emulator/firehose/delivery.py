"""The delivery of a chunk to its destination: requests to an endpoint, objects in S3, and the retries.

Every object of a chunk is written before the chunk counts as delivered. An object that S3 refuses is tried again
with back-off in emulator time; no other is lost or repeated meanwhile. Records that an endpoint refuses for longer
than its retry duration become an object of failed records.
Source: https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html (S3 as the destination: Firehose keeps
retrying until the retention period ends; 24 hours for direct puts) and retry.html of the same guide.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf
from random import Random
from typing import Protocol

from wavetank.emulator.faults.engine import FAULTS
from wavetank.emulator.faults.points import Action, Point
from wavetank.emulator.firehose.core import endpoint as http
from wavetank.emulator.firehose.core.buffer import Chunk, Entry
from wavetank.emulator.firehose.core.endpoint import EndpointError
from wavetank.emulator.firehose.core.keys import ErrorOutput, Partition
from wavetank.emulator.firehose.core.partitioning import Extract, partition
from wavetank.emulator.firehose.core.processing import Failure, Invoke, Part, process
from wavetank.emulator.firehose.core.settings import Destination, Endpoint, S3Target
from wavetank.emulator.firehose.metrics import Measure, Metric, To, ignore
from wavetank.emulator.firehose.query import extract
from wavetank.emulator.runtime.clock import CLOCK, Alarm, Clock
from wavetank.emulator.runtime.inflight import IN_FLIGHT

LOG = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 30.0
DIRECT_PUT_RETENTION_S = 24 * 3600.0
HOP = "firehose.delivery"


class S3Error(Exception):
    """S3 did not take the object, whatever the reason."""


class ObjectStore(Protocol):
    """The store of objects; `put` returns once the object is durable and raises S3Error otherwise."""

    def put(self, target: S3Target, key: str, body: bytes) -> None: ...


@dataclass(frozen=True)
class Source:
    """The delivery stream that a chunk comes from: its name and version, its function calls and queries."""

    name: str
    version: int
    invoke: Invoke
    retention_s: float | None = None
    arn: str = ""
    extract: Extract = extract


@dataclass(frozen=True)
class _Object:
    """An object to write, and the records in it; `new_key` makes another key at each call.

    `retry_s`, where given, is how long it is tried before its records go to the error prefix.
    """

    target: S3Target
    new_key: Callable[[], str]
    data: bytes
    entries: Sequence[Entry]
    retry_s: float | None = None
    to: To = To.S3

    def body(self, key: str) -> bytes:
        return self.target.compression.compress(self.data, key.rsplit("/", 1)[-1])


class InterruptedDelivery(Exception):
    """`interrupt` rang between two attempts."""


@dataclass
class Delivery:
    """The deliverer of a delivery stream's chunks, one after the other.

    problem: why the last attempt failed, empty after a success. retry_at: when the next one is due, None while none is.
    failing_since: when the first of the attempts failed that failed since the last success, None after a success.
    """

    store: ObjectStore
    clock: Clock = CLOCK
    rng: Random = field(default_factory=lambda: Random())  # noqa: S311 - keys must differ, not be secret
    post: http.Post = http.post
    measure: Measure = ignore
    interrupt: Alarm = field(init=False)
    problem: str = ""
    failing_since: float | None = None
    retry_at: float | None = None

    def __post_init__(self) -> None:
        self.interrupt = Alarm(self.clock)
        self._ids = uuid.UUID(int=self.rng.getrandbits(128), version=4)

    def deliver(self, chunk: Chunk, destination: Destination, source: Source) -> bool:
        """Return True when every record of the chunk is delivered, set aside, or its retention is over.

        False when `interrupt` rang between two attempts: the chunk is to be delivered again from the start.
        """
        try:
            for item in self._objects(chunk, destination, source):
                self._write(item, chunk, source)
        except InterruptedDelivery:
            return False
        finally:
            self.problem = ""
        return True

    def pause(self, seconds: float) -> None:
        """Wait before another attempt, at `retry_at`. Raises InterruptedDelivery where `interrupt` rings meanwhile."""
        self.retry_at = self.clock.now() + seconds
        try:
            if self.interrupt.wait(seconds):
                raise InterruptedDelivery
        finally:
            self.retry_at = None

    def _objects(self, chunk: Chunk, destination: Destination, source: Source) -> Iterator[_Object]:
        """The objects of a chunk, once its records are posted where they are to be."""
        processed = process(chunk.entries, destination.processing, source.invoke, self.clock.now)
        failures = list(processed.failures)
        if destination.endpoint is not None:
            parts = _delimited(processed.parts, destination)
            failures += self._posted(parts, destination.endpoint, chunk, source)
        elif destination.partitioning is not None:
            partitioned = partition(
                processed.parts,
                destination.partitioning,
                destination.target.layout,
                extract=source.extract,
                now=self.clock.now,
            )
            failures += partitioned.failures
            for group in partitioned.groups:
                yield from self._of_parts(group.parts, destination, chunk, source, values=group.partition)
        else:
            yield from self._of_parts(processed.parts, destination, chunk, source)
        to = To.S3 if destination.endpoint is None else To.BACKUP
        yield from (replace(item, to=to) for item in self._of_failures(failures, destination.target, chunk, source))
        if destination.backup is not None:
            raw = b"".join(entry.data for entry in chunk.entries)
            new_key = self._new_key(destination.backup, chunk.oldest, source)
            yield _Object(destination.backup, new_key, raw, chunk.entries, to=To.BACKUP)

    def _of_parts(
        self,
        parts: Sequence[Part],
        destination: Destination,
        chunk: Chunk,
        source: Source,
        values: Partition | None = None,
    ) -> Iterator[_Object]:
        data = b"".join(part.data for part in _delimited(parts, destination))
        if data:
            at = chunk.oldest if values is None else min(part.entry.arrival for part in parts)
            retry_s = destination.partitioning.retry_s if destination.partitioning is not None else None
            new_key = self._new_key(destination.target, at, source, values)
            yield _Object(destination.target, new_key, data, [part.entry for part in parts], retry_s=retry_s)

    def _of_failures(
        self, failures: Sequence[Failure], target: S3Target, chunk: Chunk, source: Source
    ) -> Iterator[_Object]:
        """The objects of failed records, one for each kind of failure."""
        for why in ErrorOutput:
            failed = [failure for failure in failures if failure.output is why]
            if failed:
                lines = b"".join(failure.line() for failure in failed)
                new_key = partial(
                    target.layout.error_key, source.name, source.version, at=chunk.oldest, why=why, rng=self.rng
                )
                yield _Object(target, new_key, lines, [failure.entry for failure in failed])

    def _new_key(
        self, target: S3Target, at: float, source: Source, values: Partition | None = None
    ) -> Callable[[], str]:
        return partial(target.layout.key, source.name, source.version, at=at, rng=self.rng, partition=values)

    def _posted(self, parts: Sequence[Part], endpoint: Endpoint, chunk: Chunk, source: Source) -> Iterator[Failure]:
        """Post the parts; those that the endpoint did not take while they were tried are failures."""
        for number, batch in enumerate(http.batches(parts)):
            request = http.request_of(
                batch,
                endpoint,
                request_id=str(uuid.uuid5(self._ids, f"{chunk.number}/{number}")),
                source_arn=source.arn,
                now=self.clock.now(),
            )
            attempts, error = self._post(request, endpoint, source)
            if error is None:
                self._delivered(To.ENDPOINT, [part.entry for part in batch], sum(len(part.data) for part in batch))
                continue
            self.measure(To.ENDPOINT, [(Metric.SUCCESS, 0)])
            LOG.warning("%s: gave up %d records for %s: %s", source.name, len(batch), endpoint.url.place, error)
            if not error.final:
                ended_at, output = self.clock.now(), ErrorOutput.HTTP_ENDPOINT_FAILED
                for part in batch:
                    yield Failure(
                        part.entry,
                        error.code,
                        str(error),
                        attempts=attempts,
                        ended_at=ended_at,
                        output=output,
                        data=part.data,
                    )

    def _post(self, request: http.Request, endpoint: Endpoint, source: Source) -> tuple[int, EndpointError | None]:
        """Post until the endpoint takes the request; returns the number of attempts, and the error of the last."""
        attempts, give_up_at = 0, inf
        target = {"delivery_stream": source.name, "url": str(endpoint.url)}
        what = f"{source.name}: {len(request.body)} B to {endpoint.url.place}"
        while True:
            attempts += 1
            try:
                with IN_FLIGHT.doing(HOP, source.name, what):
                    firing = FAULTS.fire(Point.FIREHOSE_ENDPOINT, target, identity=source.name)
                    if firing is not None and firing.action is Action.FAIL:
                        http.check(http.Answer(503, {}, b"Service Unavailable"), request.id)
                    http.check(self.post(endpoint.url, request), request.id)
                    if firing is not None and firing.action is Action.DUPLICATE:
                        http.check(self.post(endpoint.url, request), request.id)
                self.problem, self.failing_since = "", None
                return attempts, None
            except EndpointError as error:
                self._complain(f"post to {endpoint.url.place}", source.name, error)
                now = self.clock.now()
                give_up_at = min(give_up_at, now + endpoint.retry_s)
                if error.final or now >= give_up_at:
                    return attempts, error
                failed = error
            self.pause(min(http.pause_s(attempts, self.rng), give_up_at - now))
            if self.clock.now() >= give_up_at:
                return attempts, failed

    def _write(self, item: _Object, chunk: Chunk, source: Source) -> None:
        wait, began = FIRST_RETRY_S, self.clock.now()
        key = item.new_key()
        while True:
            try:
                with IN_FLIGHT.doing(HOP, source.name, f"{source.name}: {chunk.size} B to {item.target.bucket}"):
                    size = self._attempt(item, key, chunk, source)
                self.problem, self.failing_since = "", None
                self._delivered(item.to, item.entries, size)
                return
            except S3Error as error:
                self.measure(item.to, [(Metric.SUCCESS, 0)])
                self._complain(f"write to bucket {item.target.bucket}", source.name, error)
                failed = error
            if item.retry_s is not None and self.clock.now() - began >= item.retry_s:
                item = self._as_failed(item, chunk, source, code="S3.DeliveryFailed", message=str(failed))
                key = item.new_key()
            self.pause(wait)
            if source.retention_s is not None and self.clock.now() - chunk.oldest > source.retention_s:
                LOG.error("%s: gave up %d bytes: %s", source.name, chunk.size, self.problem)
                return
            wait = min(2 * wait, LONGEST_RETRY_S)

    def _delivered(self, to: To, entries: Sequence[Entry], size: int) -> None:
        """Measure what was delivered: these records, as so many bytes."""
        age_s = max(0.0, self.clock.now() - min(entry.arrival for entry in entries))
        values = [(Metric.RECORDS, len(entries)), (Metric.BYTES, size), (Metric.SUCCESS, 1), (Metric.FRESHNESS, age_s)]
        self.measure(to, values)

    def _attempt(self, item: _Object, key: str, chunk: Chunk, source: Source) -> int:
        """Write the object once; its size in bytes. Raises S3Error."""
        target = {"delivery_stream": source.name, "bucket": item.target.bucket, "key": key}
        # Which records a chunk holds depends on timing; the number of the attempt, which the fault counts, does not.
        firing = FAULTS.fire(Point.FIREHOSE_DELIVERY, target, identity=source.name)
        if firing is not None and firing.action is Action.FAIL:
            raise S3Error("ServiceUnavailable: Please reduce your request rate.")
        if firing is not None and firing.action is Action.ERROR_OUTPUT:
            message = "The Lambda function was successfully invoked but it returned an error result."
            item = self._as_failed(item, chunk, source, code="Lambda.FunctionError", message=message)
            key = item.new_key()
        body = item.body(key)
        self.store.put(item.target, key, body)
        if firing is not None and firing.action is Action.DUPLICATE:
            second_key = item.new_key()
            self.store.put(item.target, second_key, item.body(second_key))
        return len(body)

    def _as_failed(self, item: _Object, chunk: Chunk, source: Source, *, code: str, message: str) -> _Object:
        """The records of an object as an object below the error prefix."""
        now = self.clock.now()
        failures = [Failure(entry, code, message, attempts=1, ended_at=now) for entry in item.entries]
        return next(self._of_failures(failures, item.target, chunk, source))

    def _complain(self, what: str, name: str, error: Exception) -> None:
        if not self.problem:
            LOG.warning("%s: cannot %s, trying again: %s", name, what, error)
        if self.failing_since is None:
            self.failing_since = self.clock.now()
        self.problem = str(error)


def _delimited(parts: Sequence[Part], destination: Destination) -> Sequence[Part]:
    """The parts with the delimiter that is appended to each, if any."""
    delimiter = destination.processing.append
    return [replace(part, data=part.data + delimiter) for part in parts] if delimiter else parts

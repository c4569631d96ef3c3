"""One chunk on its way to S3: its objects, the writes, the retries.

Every object of a chunk is written before the chunk counts as delivered. An object that S3 refuses is tried again
with back-off in emulator time; nothing else is lost or repeated meanwhile.
Source: https://docs.aws.amazon.com/firehose/latest/dev/troubleshooting.html (S3 as the destination: Firehose keeps
retrying until the retention period ends; 24 hours for direct puts).
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from emulator.clock import CLOCK, Alarm, Clock
from emulator.faults.engine import FAULTS
from emulator.faults.points import Action
from emulator.firehose.buffer import Chunk
from emulator.firehose.error_output import Failure
from emulator.firehose.keys import ErrorOutput
from emulator.firehose.processing import Invoke, process
from emulator.firehose.settings import Destination, S3Target

LOG = logging.getLogger(__name__)

FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 30.0
DIRECT_PUT_RETENTION_S = 24 * 3600.0
FAULT_POINT = "firehose.delivery"


class S3Error(Exception):
    """S3 did not take the object, whatever the reason."""


class ObjectStore(Protocol):
    """Where objects go; `put` returns once the object is durable and raises S3Error otherwise."""

    def put(self, target: S3Target, key: str, body: bytes) -> None: ...


@dataclass(frozen=True)
class Source:
    """What names and transforms a delivery: the delivery stream, its version, its function calls."""

    name: str
    version: int
    invoke: Invoke
    retention_s: float | None = None


@dataclass(frozen=True)
class _Object:
    """One object to write; `keys` makes a fresh key each time it is called."""

    target: S3Target
    keys: Callable[[], str]
    data: bytes

    def body(self, key: str) -> bytes:
        return self.target.compression.compress(self.data, key.rsplit("/", 1)[-1])


@dataclass
class Delivery:
    """Delivers the chunks of one delivery stream, one after the other."""

    store: ObjectStore
    clock: Clock = CLOCK
    rng: Random = field(default_factory=lambda: Random())  # noqa: S311 - keys must differ, not be secret
    interrupt: Alarm = field(init=False)
    problem: str = ""

    def __post_init__(self) -> None:
        self.interrupt = Alarm(self.clock)

    def deliver(self, chunk: Chunk, destination: Destination, source: Source) -> bool:
        """Return True when every object of the chunk is durable or its retention is over.

        False when `interrupt` rang between two attempts: the chunk is to be delivered again from the start.
        """
        done = all(self._write(item, chunk, source) for item in self._objects(chunk, destination, source))
        self.problem = ""
        return done

    def _objects(self, chunk: Chunk, destination: Destination, source: Source) -> Iterator[_Object]:
        processed = process(chunk.entries, destination.processing, source.invoke, self.clock.now)
        at = chunk.oldest
        target, backup = destination.target, destination.backup
        data = b"".join(part.data + destination.processing.append for part in processed.parts)
        if data:
            yield _Object(target, lambda: target.layout.key(source.name, source.version, at, self.rng), data)
        if processed.failures:
            why = ErrorOutput.PROCESSING_FAILED
            yield _Object(
                target,
                lambda: target.layout.error_key(source.name, source.version, at, why, self.rng),
                b"".join(failure.line() for failure in processed.failures),
            )
        if backup is not None:
            raw = b"".join(entry.data for entry in chunk.entries)
            yield _Object(backup, lambda: backup.layout.key(source.name, source.version, at, self.rng), raw)

    def _write(self, item: _Object, chunk: Chunk, source: Source) -> bool:
        wait = FIRST_RETRY_S
        key = item.keys()
        while True:
            try:
                self._attempt(item, key, chunk, source)
                self.problem = ""
                return True
            except S3Error as error:
                self._complain(item.target.bucket, source.name, error)
            if self.interrupt.wait(wait):
                return False
            if source.retention_s is not None and self.clock.now() - chunk.oldest > source.retention_s:
                LOG.error("%s: gave up %d bytes: %s", source.name, chunk.size, self.problem)
                return True
            wait = min(2 * wait, LONGEST_RETRY_S)

    def _attempt(self, item: _Object, key: str, chunk: Chunk, source: Source) -> None:
        target = {"delivery_stream": source.name, "bucket": item.target.bucket, "key": key}
        # Which records a chunk holds depends on timing: the how-manieth attempt it is, counted by the fault, does not.
        firing = FAULTS.strike(FAULT_POINT, target, identity=source.name)
        if firing is not None and firing.action is Action.FAIL:
            raise S3Error("ServiceUnavailable: Please reduce your request rate.")
        if firing is not None and firing.action is Action.ERROR_OUTPUT:
            self._set_aside(item, chunk, source)
            return
        self.store.put(item.target, key, item.body(key))
        if firing is not None and firing.action is Action.DUPLICATE:
            again = item.keys()
            self.store.put(item.target, again, item.body(again))

    def _set_aside(self, item: _Object, chunk: Chunk, source: Source) -> None:
        """Write the records below the error prefix, as Firehose does when its transformation fails."""
        why = ErrorOutput.PROCESSING_FAILED
        key = item.target.layout.error_key(source.name, source.version, chunk.oldest, why, self.rng)
        code, now = "Lambda.FunctionError", self.clock.now()
        message = "The Lambda function was successfully invoked but it returned an error result."
        lines = b"".join(Failure(entry, code, message, 1, now).line() for entry in chunk.entries)
        self.store.put(item.target, key, item.target.compression.compress(lines, key.rsplit("/", 1)[-1]))

    def _complain(self, bucket: str, name: str, error: S3Error) -> None:
        if not self.problem:
            LOG.warning("%s: cannot write to bucket %s, trying again: %s", name, bucket, error)
        self.problem = str(error)

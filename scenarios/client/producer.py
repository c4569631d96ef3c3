"""Puts events on the raw streams, at least once, and tells of each what came of it.

A record that the stream refused is sent again after a back-off; so is one whose answer never came, which may
give the stream two copies. An outcome is *fail* only where the stream surely has no copy.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wavetank.scenarios.client.batches import MAX_KEY_CHARACTERS, MAX_RECORD_BYTES, Batch, Message, batches
from wavetank.scenarios.client.wire import WireSchema, encode_event, newest_schema
from wavetank.scenarios.oracle.history import EVENT_ID, Outcome, Value
from wavetank.scenarios.workload.synthetic import WorkloadEvent

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

    from wavetank.pipeline.topology import Topology

RECORD_TOO_LARGE = "RecordTooLarge"
PERMANENT = frozenset(
    {
        "AccessDeniedException",
        "InvalidArgumentException",
        "InvalidSignatureException",
        "ResourceNotFoundException",
        "SerializationException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
"""Error codes that sending the same again does not change."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt for a message: the outcome over all `attempts`, and of the last one the error's code.

    `sequence_number` and `shard_id` are those of the acknowledged copy, empty where there is none.
    """

    outcome: Outcome
    attempts: int = 1
    reason: str = ""
    sequence_number: str = ""
    shard_id: str = ""

    def after(self, earlier: "Receipt | None") -> "Receipt":
        """This attempt's outcome seen with the earlier ones: what is unknown stays so until an ok."""
        if earlier is None:
            return self
        outcome = self.outcome
        if outcome is Outcome.FAIL and earlier.outcome is Outcome.UNKNOWN:
            outcome = Outcome.UNKNOWN
        return replace(self, outcome=outcome, attempts=earlier.attempts + self.attempts)

    @property
    def may_be_retried(self) -> bool:
        """Whether the same message may yet be acknowledged."""
        return self.outcome is not Outcome.OK and self.reason not in PERMANENT


@dataclass(frozen=True, slots=True)
class Retry:
    """The rule of repeats, how often and how patiently: full jitter below base · 2ⁿ, capped, in seconds.

    `stalls` attempts in a row may leave a batch where it was, for about `patience_s` of wall clock at most; a
    throttled stream that takes some records each time is never given up.
    """

    stalls: int = 8
    patience_s: float = 60.0
    base_s: float = 0.05
    cap_s: float = 5.0

    def is_over(self, stalls: int, stalled_s: float) -> bool:
        """Whether to give up after so many attempts in a row without progress, which took so long."""
        return stalls >= self.stalls or (stalls > 0 and stalled_s >= self.patience_s)

    def delay_s(self, stalls: int, rng: random.Random) -> float:
        """The seconds to wait after so many attempts in a row without progress."""
        return rng.uniform(0, min(self.cap_s, self.base_s * 2**stalls))


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch that is done, with one receipt a message."""

    batch: Batch
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """The stream that events of one type go to, the schema they are written with, and the field they are put by."""

    stream: str
    schema: WireSchema
    partition_key: str = EVENT_ID

    def key_of(self, record: Mapping[str, Value], event_id: str) -> str:
        """The partition key of an event: the value of the field, or its id where it has none; 256 characters at most.

        Events of one key come in the order in which they are put (Kinesis API reference, "PutRecords").
        """
        value = record.get(self.partition_key)
        return ("" if value is None else str(value))[:MAX_KEY_CHARACTERS] or event_id[:MAX_KEY_CHARACTERS]


def routes(topology: "Topology") -> dict[str, Route]:
    """The route of every event type: its raw stream, in the newest raw schema of the schema folder."""
    return {
        event.name: Route(event.raw_stream, newest_schema(event.folder), event.component.partition_key)
        for event in topology.events
    }


class Sender:
    """Sends messages in batches, several in flight at a time. Usable from one thread; close it when done.

    Setting `stop` ends waiting: nothing is sent again, and what is pending gets the outcome it has by then.
    """

    def __init__(
        self,
        kinesis: "KinesisClient",
        *,
        in_flight: int = 4,
        retry: Retry | None = None,
        stop: threading.Event | None = None,
        seed: int = 0,
    ) -> None:
        self._kinesis = kinesis
        self._in_flight = in_flight
        self._retry = retry or Retry()
        self._stop = stop or threading.Event()
        self._rng = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._pool = ThreadPoolExecutor(in_flight, thread_name_prefix="producer")

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for what is in flight and send nothing more."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def flow(self, messages: Iterable[Message]) -> Iterator[Delivery]:
        """Send `messages` as they come, at most `in_flight` batches ahead of what was yielded."""
        pending: deque[Future[Delivery]] = deque()
        for batch in batches(messages):
            pending.append(self._pool.submit(self._deliver, batch))
            if len(pending) > self._in_flight or pending[0].done():
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

    def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Send all of `messages`; one receipt for each, in their order."""
        receipts: list[Receipt | None] = [None] * len(messages)
        for delivery in self.flow(messages):
            for position, receipt in zip(delivery.batch.positions, delivery.receipts, strict=True):
                receipts[position] = receipt
        return [receipt for receipt in receipts if receipt is not None]

    def _deliver(self, batch: Batch) -> Delivery:
        if any(message.size > MAX_RECORD_BYTES for message in batch.messages):
            return Delivery(batch, tuple(Receipt(Outcome.FAIL, 0, RECORD_TOO_LARGE) for _ in batch.messages))
        receipts: dict[int, Receipt] = {}
        pending = list(range(len(batch.messages)))
        stalls, progress_at = 0, time.monotonic()
        while pending:
            answers = self._attempt(batch.stream, [batch.messages[i] for i in pending])
            for i, answer in zip(pending, answers, strict=True):
                receipts[i] = answer.after(receipts.get(i))
            if any(answer.outcome is Outcome.OK for answer in answers):
                stalls, progress_at = 0, time.monotonic()
            else:
                stalls += 1
            pending = [i for i in pending if receipts[i].may_be_retried]
            if self._retry.is_over(stalls, time.monotonic() - progress_at):
                break
            if pending and self._stop.wait(self._retry.delay_s(stalls, self._rng)):
                break
        return Delivery(batch, tuple(receipts[i] for i in range(len(batch.messages))))

    def _attempt(self, stream: str, messages: Sequence[Message]) -> list[Receipt]:
        from botocore.exceptions import BotoCoreError, ClientError

        entries: Any = [{"Data": message.data, "PartitionKey": message.key} for message in messages]
        try:
            reply = self._kinesis.put_records(StreamName=stream, Records=entries)
        except ClientError as error:
            # The whole request was refused: surely so only for the caller's mistakes (4xx) at the first attempt.
            response: Any = error.response
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            outcome = Outcome.FAIL if status < 500 and _attempted_once(response) else Outcome.UNKNOWN
            return [Receipt(outcome, reason=response.get("Error", {}).get("Code", "Unknown"))] * len(messages)
        except BotoCoreError as error:
            # botocore may have sent it more than once by itself: only an answer can say that nothing was taken.
            return [Receipt(Outcome.UNKNOWN, reason=type(error).__name__)] * len(messages)
        # An answer after botocore's own repeats says nothing of the copies sent before it.
        refusal = Outcome.FAIL if _attempted_once(reply) else Outcome.UNKNOWN
        return [
            Receipt(refusal, reason=entry["ErrorCode"])
            if entry.get("ErrorCode")
            else Receipt(Outcome.OK, sequence_number=entry["SequenceNumber"], shard_id=entry["ShardId"])
            for entry in reply["Records"]
        ]


def _attempted_once(response: Any) -> bool:
    return bool(response.get("ResponseMetadata", {}).get("RetryAttempts", 0) == 0)


class Producer:
    """Puts events on the raw streams of their types, in the schemas of `routes` (by event type)."""

    def __init__(self, sender: Sender, routes: Mapping[str, Route]) -> None:
        self.sender = sender
        self._routes = routes

    def message(self, event: WorkloadEvent) -> Message:
        """The message that goes on the stream for `event`, by the partition key of its type.

        Raises EncodingError where the record does not fit, KeyError for an event type without a route.
        """
        route = self._routes[event.event_type]
        key = route.key_of(event.record, event.event_id)
        return Message(route.stream, key, encode_event(route.schema, event.record))

    def put(self, events: Sequence[WorkloadEvent]) -> list[Receipt]:
        """Put `events`; one receipt for each, in their order. Raises as `message` does, before it sends."""
        return self.sender.send([self.message(event) for event in events])

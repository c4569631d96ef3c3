"""Groups messages into PutRecords requests.

Limits: 500 records and 5 MiB a request, 1 MiB a record, partition keys included (Amazon Kinesis Data Streams
API Reference, PutRecords).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 5 * 1024 * 1024
MAX_RECORD_BYTES = 1024 * 1024
MAX_KEY_CHARACTERS = 256
MAX_ORIGINAL_BYTES = 16 * 1024 * 1024
"""Of what the messages of a batch were made of, all of which is kept until the batch is answered."""


@dataclass(frozen=True, slots=True)
class Message:
    """A record for one stream: its partition key and its bytes.

    original: size in bytes of what it was made of, where the sender keeps that until the message is acknowledged.
    """

    stream: str
    key: str
    data: bytes = field(repr=False)
    original: int = field(default=0, repr=False, compare=False)

    @property
    def size(self) -> int:
        """The bytes that count against the limits."""
        return len(self.key.encode()) + len(self.data)


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one request, each with its position in the input."""

    stream: str
    messages: tuple[Message, ...]
    positions: tuple[int, ...]


@dataclass(slots=True)
class _Open:
    """A batch being filled."""

    stream: str
    messages: list[Message] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    size: int = 0
    original: int = 0

    def has_room_for(self, message: Message, size: int) -> bool:
        return (
            len(self.messages) < MAX_RECORDS
            and self.size + size <= MAX_REQUEST_BYTES
            and self.original + message.original <= MAX_ORIGINAL_BYTES
        )

    def add(self, position: int, message: Message, size: int) -> None:
        self.messages.append(message)
        self.positions.append(position)
        self.size += size
        self.original += message.original

    def close(self) -> Batch:
        return Batch(self.stream, tuple(self.messages), tuple(self.positions))


def batches(messages: Iterable[Message]) -> Iterator[Batch]:
    """Every message in exactly one batch, in order within its stream; holds at most one open batch a stream.

    A message over the record limit comes alone: its sender refuses it without harm to others.
    """
    filling: dict[str, _Open] = {}
    for position, message in enumerate(messages):
        size = message.size
        if size > MAX_RECORD_BYTES:
            yield Batch(message.stream, (message,), (position,))
            continue
        batch = filling.get(message.stream)
        if batch is not None and not batch.has_room_for(message, size):
            yield batch.close()
            batch = None
        if batch is None:
            batch = filling[message.stream] = _Open(message.stream)
        batch.add(position, message, size)
    yield from (batch.close() for batch in filling.values())

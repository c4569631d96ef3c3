"""What the shards of a running mapping have around them: a stream to read, and somebody to deliver to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from wavetank.emulator.lambda_.mappings.stream.core.event import RawRecord, Record
from wavetank.emulator.lambda_.mappings.stream.core.position import Position
from wavetank.emulator.lambda_.mappings.stream.core.response import Outcome
from wavetank.emulator.lambda_.mappings.stream.core.retry import Discard
from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
from wavetank.emulator.lambda_.mappings.stream.stream_client import Page


class Stream(Protocol):
    """What a shard run reads from."""

    def iterator(self, shard_id: str, position: Position) -> str: ...
    def read(self, iterator: str) -> Page: ...


class Delivery(Protocol):
    """What a shard run hands its batches to."""

    def deliver(self, shard_id: str, records: tuple[Record, ...]) -> Outcome: ...
    def give_up(self, shard_id: str, discard: Discard) -> None: ...
    def wanted(self, raws: Sequence[RawRecord], shard_id: str) -> list[bool] | None: ...


@dataclass(frozen=True)
class Surroundings:
    """What the shard runs of one mapping share; `changed` is called when a shard has been read to its end."""

    settings: MappingSettings
    stream: Stream
    delivery: Delivery
    changed: Callable[[], None]
    retention_s: Callable[[], float]

"""The streams of a stack, by account, region and name, and the cap on the memory that their records take."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute
from localstack.utils.aws.aws_stack import get_valid_regions_for_service

from wavetank.emulator.kinesis import metrics
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceInUse, ResourceNotFound
from wavetank.emulator.kinesis.model.generations import DeletedStreams, MonotonicCounter
from wavetank.emulator.kinesis.model.log import OVERHEAD, SEGMENT
from wavetank.emulator.kinesis.model.stream import Stream
from wavetank.emulator.kinesis.settings import Commitment

LOG = logging.getLogger(__name__)
CHECKS_PER_CAP = 64
"""The number of counts of all memory while it grows by one cap: it goes over the cap by a 64th at most."""


class KinesisStore(BaseStore):
    """The streams and account settings of one account in one region."""

    streams: dict[str, Stream] = LocalAttribute(default=dict)
    commitment: Commitment = LocalAttribute(default=Commitment)


STORES = AccountRegionBundle("kinesis", KinesisStore)
REGIONS = frozenset(get_valid_regions_for_service("kinesis"))
_GUARD = threading.Lock()
EPOCHS = MonotonicCounter()
"""The epochs of the shards of all streams, also of deleted ones; see `emulator.kinesis.model.sequence`."""

CREATIONS = MonotonicCounter()
"""The times at which streams were made, in milliseconds since the epoch; no two are the same."""

DELETED = DeletedStreams()


@dataclass(frozen=True)
class Region:
    """An account in a region: streams are looked up, added and removed here."""

    account: str
    name: str

    @classmethod
    def of(cls, stream: Stream) -> "Region":
        """The account and region of a stream."""
        return cls(stream.identity.account, stream.identity.region)

    @property
    def store(self) -> KinesisStore:
        """The state that LocalStack keeps for the account and region."""
        store: KinesisStore = STORES[self.account][self.name]
        return store

    def streams(self) -> list[Stream]:
        """Every stream, by name."""
        return [stream for _, stream in sorted(dict(self.store.streams).items())]

    def find(self, name: str) -> Stream:
        """The stream called `name`; raises ResourceNotFound."""
        stream = self.store.streams.get(name)
        if stream is None:
            raise ResourceNotFound(f"Stream {name} under account {self.account} not found.")
        return stream

    def add(self, stream: Stream) -> None:
        """Add a new stream; raises ResourceInUse when its name is taken."""
        with _GUARD:
            if stream.name in self.store.streams:
                raise ResourceInUse(f"Stream {stream.name} under account {self.account} already exists.")
            self.store.streams[stream.name] = stream

    def remove(self, stream: Stream) -> None:
        """Forget a stream; forgetting one twice is no error."""
        with _GUARD:
            if self.store.streams.get(stream.name) is stream:
                del self.store.streams[stream.name]
                DELETED.note(stream)

    def put(self, stream: Stream) -> None:
        """Add a stream in place of any of that name."""
        with _GUARD:
            self.store.streams[stream.name] = stream


@dataclass(frozen=True)
class StreamArn:
    """A stream's ARN taken apart."""

    account: str
    region: str
    stream: str

    @classmethod
    def parse(cls, arn: str) -> "StreamArn":
        """The parts of a stream's or of its consumer's ARN; raises InvalidArgument."""
        parts = arn.split(":", 5)
        if len(parts) != 6 or parts[2] != "kinesis" or not parts[5].startswith("stream/"):
            raise InvalidArgument(f"Invalid ARN: {arn}")
        name = parts[5].removeprefix("stream/").split("/")[0]
        return cls(parts[4], parts[3], name)


def stream_with_arn(arn: str) -> Stream:
    """The stream that an ARN (of the stream or of its consumer) names; raises InvalidArgument, ResourceNotFound."""
    where = StreamArn.parse(arn)
    if where.region not in REGIONS:
        raise ResourceNotFound(f"Stream {where.stream} under account {where.account} not found.")
    return Region(where.account, where.region).find(where.stream)


def all_streams() -> Iterator[Stream]:
    """Every stream of every account and region."""
    for account in list(STORES.values()):
        for store in list(account.values()):
            yield from list(store.streams.values())


class MemoryCap:
    """A cap on the bytes of all records: beyond it the oldest are trimmed, so that the process is never killed.

    Every write is reported to it; memory is counted from time to time.
    """

    def __init__(
        self,
        max_bytes: Callable[[], int],
        streams: Callable[[], Iterable[Stream]],
        trimmed: Callable[[Stream, int, int], None],
    ) -> None:
        self._max_bytes = max_bytes
        self._streams = streams
        self._trimmed = trimmed
        self._lock = threading.Lock()
        self._grown = 0

    def grew(self, records: int, size: int) -> None:
        """Note that `records` of `size` bytes in all were kept; the caller holds no stream's lock."""
        with self._lock:
            self._grown += size + records * OVERHEAD
            if self._grown * CHECKS_PER_CAP < self._max_bytes():
                return
            self._grown = 0
            self._trim_to(self._max_bytes())

    def _trim_to(self, cap: int) -> None:
        excess = -cap
        for stream in self._streams():
            with stream.lock:
                excess += stream.retained_bytes
        lost: dict[Stream, tuple[int, int]] = {}
        while excess > 0 and (victim := self._with_oldest_record()) is not None:
            with victim.lock:
                records, size = victim.trim_oldest(SEGMENT)
            excess -= size
            before = lost.get(victim, (0, 0))
            lost[victim] = (before[0] + records, before[1] + size)
        for stream, (records, size) in lost.items():
            LOG.warning(
                "Kinesis holds more than its cap of %d bytes: trimmed the %d oldest records (%d bytes) of stream %s "
                "before their retention was over. Raise WAVETANK_KINESIS_MAX_BYTES to keep more.",
                cap, records, size, stream.identity.arn,
            )  # fmt: skip
            self._trimmed(stream, records, size)

    def _with_oldest_record(self) -> Stream | None:
        oldest: tuple[int, Stream] | None = None
        for stream in self._streams():
            with stream.lock:
                arrived_ms = stream.oldest_ms()
            if arrived_ms is not None and (oldest is None or arrived_ms < oldest[0]):
                oldest = (arrived_ms, stream)
        return oldest[1] if oldest is not None else None


MEMORY = MemoryCap(lambda: CONFIG.max_bytes, lambda: list(all_streams()), metrics.count_trim)

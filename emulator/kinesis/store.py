"""Where the streams are: by account, region and name."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from localstack.services.stores import AccountRegionBundle, BaseStore, LocalAttribute
from localstack.utils.aws.aws_stack import get_valid_regions_for_service

from wavetank.emulator.kinesis.account import Commitment
from wavetank.emulator.kinesis.config import CONFIG
from wavetank.emulator.kinesis.errors import InvalidArgument, ResourceInUse, ResourceNotFound
from wavetank.emulator.kinesis.model import metering
from wavetank.emulator.kinesis.model.ascending import Ascending
from wavetank.emulator.kinesis.model.departed import Departed
from wavetank.emulator.kinesis.model.memory import MemoryCap
from wavetank.emulator.kinesis.model.stream import Stream


class KinesisStore(BaseStore):
    """The streams and account settings of one account in one region."""

    streams: dict[str, Stream] = LocalAttribute(default=dict)
    commitment: Commitment = LocalAttribute(default=Commitment)


STORES = AccountRegionBundle("kinesis", KinesisStore)
REGIONS = frozenset(get_valid_regions_for_service("kinesis"))
_GUARD = threading.Lock()
EPOCHS = Ascending()
"""Of the shards of all streams, those that are gone too; see `emulator.kinesis.model.sequence`."""

CREATIONS = Ascending()
"""When streams were made, in milliseconds since the epoch."""

DEPARTED = Departed()


@dataclass(frozen=True)
class Region:
    """One account in one region, for who looks up, adds or removes a stream there."""

    account: str
    name: str

    @property
    def store(self) -> KinesisStore:
        """What LocalStack keeps for it."""
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
        """Take a new stream; raises ResourceInUse when its name is taken."""
        with _GUARD:
            if stream.name in self.store.streams:
                raise ResourceInUse(f"Stream {stream.name} under account {self.account} already exists.")
            self.store.streams[stream.name] = stream

    def remove(self, stream: Stream) -> None:
        """Forget a stream; forgetting one twice is no error."""
        with _GUARD:
            if self.store.streams.get(stream.name) is stream:
                del self.store.streams[stream.name]
                DEPARTED.note(stream)

    def put(self, stream: Stream) -> None:
        """Take a stream in place of any of that name."""
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
        """Of a stream's or of its consumer's ARN; raises InvalidArgument."""
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


MEMORY = MemoryCap(lambda: CONFIG.max_bytes, lambda: list(all_streams()), metering.count_trim)

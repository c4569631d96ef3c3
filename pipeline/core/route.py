"""Finds the partition of an event: event type / UTC date / UTC hour / hash bucket of its id."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5

from pipeline.errors import ConfigurationError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """Where an event rests. `date` is YYYY-MM-DD; `hour` 0–23; `bucket` counts from 0."""

    event: str
    date: str
    hour: int
    bucket: int

    @property
    def path(self) -> str:
        """Its folder, with Hive-style keys: `event=…/date=…/hour=HH/bucket=BB`."""
        return f"event={self.event}/date={self.date}/hour={self.hour:02}/bucket={self.bucket:02}"

    @classmethod
    def from_path(cls, path: str) -> "Partition":
        """The partition whose `path` this is; raises ConfigurationError for anything else."""
        try:
            keys = dict(part.split("=", 1) for part in path.strip("/").split("/"))
            partition = cls(keys["event"], keys["date"], int(keys["hour"]), int(keys["bucket"]))
        except (ValueError, KeyError) as error:
            raise ConfigurationError(f"{path!r} is not event=…/date=…/hour=…/bucket=…") from error
        return partition


def route(event: str, event_id: str, time_us: int, buckets: int) -> Partition:
    """The partition of an event by its type, id and time in microseconds since the epoch."""
    when = EPOCH + timedelta(microseconds=time_us)
    return Partition(event, when.date().isoformat(), when.hour, bucket_of(event_id, buckets))


def bucket_of(event_id: str, buckets: int) -> int:
    """The hash bucket of an id: the first 32 bits of its MD5, modulo `buckets`."""
    return int.from_bytes(md5(event_id.encode(), usedforsecurity=False).digest()[:4]) % buckets

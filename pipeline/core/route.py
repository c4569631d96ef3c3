"""Finds the partition of an event: event type / UTC date / UTC hour / hash bucket of its id."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5

from wavetank.pipeline.errors import ConfigurationError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_US = 3_600_000_000
"""Microseconds of an hour."""


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

    @property
    def start(self) -> datetime:
        """The start of its hour, UTC."""
        return datetime.fromisoformat(f"{self.date}T{self.hour:02}:00:00+00:00")

    def earlier(self, hours: int) -> "Partition":
        """The partition of the same event type and bucket so many hours before."""
        start = self.start - hours * HOUR
        return Partition(self.event, start.date().isoformat(), start.hour, self.bucket)

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
    return Partition(event, *hour_of(time_us // HOUR_US), bucket_of_digest(digest_of(event_id.encode()), buckets))


def hour_of(number: int) -> tuple[str, int]:
    """Date and hour of the `number`-th hour since the epoch."""
    when = EPOCH + number * HOUR
    return when.date().isoformat(), when.hour


def digest_of(event_id: bytes) -> bytes:
    """The digest of an id in UTF-8, its MD5."""
    return md5(event_id, usedforsecurity=False).digest()


def bucket_of_digest(digest: bytes, buckets: int) -> int:
    """The hash bucket of an id: the first 32 bits of its digest, modulo `buckets`."""
    return int.from_bytes(digest[:4]) % buckets

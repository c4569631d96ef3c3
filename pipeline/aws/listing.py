"""Where things are in the data bucket.

    chunks/<event>/YYYY/MM/DD/HH/…   what Firehose delivers
    parts/<partition>/<chunk>.avro   what the partitioner makes of a chunk
    avro/<partition>/events.avro     data of record, merged and deduped
    parquet/<partition>/events.parquet
    ids/<partition>/ids              the id index of the partition
    late/<partition>/<chunk>.avro    parts that came after their hour had left the look-back
    quarantine/…                     what cannot go on

A partition is `event=<event>/date=YYYY-MM-DD/hour=HH/bucket=BB`.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.tick import BEGINNING
from wavetank.pipeline.core.files.id_index import Listing
from wavetank.pipeline.core.route import Partition

PARTS, LATE, IDS = "parts", "late", "ids"
HOUR = timedelta(hours=1)
LAST_DATE = "9999-12-31"
LAST = datetime(9999, 12, 31, 23, tzinfo=UTC)
"""The last hour that has a date."""


def parts_prefix(partition: Partition) -> str:
    """The folder of its parts."""
    return f"{PARTS}/{partition.path}/"


def ids_key(partition: Partition) -> str:
    """Its id index."""
    return f"{IDS}/{partition.path}/ids"


def avro_key(partition: Partition) -> str:
    """Its data of record."""
    return f"avro/{partition.path}/events.avro"


def parquet_key(partition: Partition) -> str:
    """Its Parquet twin."""
    return f"parquet/{partition.path}/events.parquet"


def partition_of(key: str) -> Partition:
    """The partition of an object, by its key; raises ConfigurationError for a key of another form."""
    return Partition.from_path(key.partition("/")[2].rpartition("/")[0])


def listing(bucket: str, partition: Partition) -> Listing:
    """The parts of one partition as they are now."""
    return {part["Key"]: part["ETag"] for part in calls.objects(bucket, parts_prefix(partition))}


def found(
    bucket: str, layer: str, event: str, first: str = "", last: str = LAST_DATE
) -> dict[Partition, list[Mapping[str, object]]]:
    """The objects of a layer by partition, as a listing describes them, of one event type from `first` to `last`.

    Both are dates, YYYY-MM-DD, and both are included. Keys are in the order of dates: one listing finds them all.
    """
    objects: dict[Partition, list[Mapping[str, object]]] = {}
    folder = f"{layer}/event={event}/date="
    for item in calls.objects(bucket, folder, after=f"{folder}{first}"):
        if item["Key"][len(folder) :][: len(last)] > last:
            break
        objects.setdefault(partition_of(item["Key"]), []).append(item)
    return objects


def events_with(bucket: str, layer: str) -> list[str]:
    """The event types that have objects in a layer."""
    return [folder.removeprefix("event=") for folder in calls.folders(bucket, f"{layer}/")]


def earlier(partition: Partition, hours: int) -> list[Partition]:
    """The partitions of the same event type and bucket in so many hours before; none before the year 1."""
    most = min(hours, (partition.start - BEGINNING) // HOUR)
    return [partition.earlier(back) for back in range(1, most + 1)]


def span_of(hours: Iterable[datetime]) -> tuple[str, str]:
    """The first and the last date that some hours are on; there is at least one hour."""
    dates = {hour.date().isoformat() for hour in hours}
    return min(dates), max(dates)

"""Reads what the pipeline set aside, and sends it round again.

Key: `quarantine/event=<type>/reason=<reason>/date=YYYY-MM-DD/<digest>.avro`; each record carries the original
bytes and the stage that refused them. A file that was re-driven carries the object tag `wavetank-redriven`,
and is not re-driven again.

The bytes go back as they came, so they cannot carry how often they went round. That is counted from what was
re-driven before: a record that fails again is a new quarantine record with the same bytes from another place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from wavetank.pipeline.topology import Topology
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.oracle.history import Outcome

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "quarantine/"
REDRIVEN_TAG = "wavetank-redriven"
SPENT_TAG = "wavetank-spent"
"""Beside the other tag: the life cycle of the bucket goes by this one, whose value is always the same."""
MOST_ATTEMPTS = 3
"""So often the same bytes are sent round again; what then still fails needs a person."""
DAMAGED_PART = "damaged-part"
"""The reason of a part that was damaged at rest: its bytes are no record, its events are those of its chunk."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"quarantine/event=(?P<event>[^/]+)/reason=(?P<reason>[^/]+)/date=(?P<date>[^/]+)/[^/]+\.avro")


class Stage(StrEnum):
    """The stage that refused a record, and so the stream that its bytes came from: behind a chunk the processed one."""

    SOURCE = "source"
    PROCESS = "process"
    PARTITION = "partition"
    MERGE = "merge"


BEHIND_A_CHUNK = frozenset({Stage.PARTITION, Stage.MERGE})


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice of records: of one event type, one reason, arrived at or after a time; None is any."""

    event_type: str | None = None
    reason: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuarantineFile:
    """A file of quarantined records, of one event type and one reason."""

    key: str
    event_type: str
    reason: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """A quarantined record: why and where it was refused, and its original bytes.

    source and position: the stream's ARN and sequence number, the chunk's key and offset, or the part's key and the
    number of the record. event_id is empty where it could not be read.
    """

    event_type: str
    reason: str
    message: str
    stage: Stage
    key: str
    partition_key: str
    payload: bytes = field(repr=False)
    source: str = ""
    position: str = ""
    arrived: datetime = EPOCH
    event_id: str = ""

    @property
    def origin(self) -> tuple[str, str, str]:
        """The place it came from: a batch that is handled twice gives two records with one origin."""
        return self.event_type, self.source, self.position

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the bytes."""
        return sha256(self.payload).hexdigest()


@dataclass(frozen=True, slots=True)
class Held:
    """A file with its records, and whether it was re-driven."""

    file: QuarantineFile
    records: tuple[SetAside, ...]
    is_redriven: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The records of a file that a re-drive would send, and how many are left out because they reached the cap."""

    file: QuarantineFile
    records: tuple[SetAside, ...]
    exhausted: int = 0


@dataclass(frozen=True, slots=True)
class Redriven:
    """The result for one file: how many of its records the stream took; it is tagged only if it took all."""

    file: QuarantineFile
    records: int
    acknowledged: int
    reasons: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return self.acknowledged == self.records


def files(
    s3: "S3Client", bucket: str, event_type: str | None = None, reason: str | None = None
) -> Iterator[QuarantineFile]:
    """Every quarantine file, or those of one event type or reason, in the order of the keys."""
    prefix = f"{FOLDER}event={event_type}/" if event_type else FOLDER
    for key in at_rest.keys(s3, bucket, prefix):
        match = _KEY.fullmatch(key)
        if match is None:
            raise at_rest.UnreadableFileError(f"{key}: not a key of a quarantine file")
        if reason in (None, match["reason"]):
            yield QuarantineFile(key, match["event"], match["reason"])


def records(s3: "S3Client", bucket: str, file: QuarantineFile) -> list[SetAside]:
    """The records of one file. Raises UnreadableFileError."""
    data = s3.get_object(Bucket=bucket, Key=file.key)["Body"].read()
    try:
        return [
            SetAside(
                event_type=row["event_type"],
                reason=row["reason"],
                message=row.get("message", ""),
                stage=Stage(row.get("stage", Stage.PROCESS)),
                key=file.key,
                partition_key=row.get("partition_key", ""),
                payload=row["payload"],
                source=row.get("source", ""),
                position=row.get("position", ""),
                arrived=arrived if isinstance(arrived, datetime) else EPOCH + timedelta(microseconds=arrived),
                event_id=row.get("event_id", ""),
            )
            for row in at_rest.avro_records(data)
            for arrived in (row.get("arrived", EPOCH),)
        ]
    except Exception as error:
        raise at_rest.UnreadableFileError(f"{file.key}: {type(error).__name__}: {error}") from error


def all_records(
    s3: "S3Client", bucket: str, event_type: str | None = None, reason: str | None = None
) -> Iterator[SetAside]:
    """Every quarantined record, or those of one event type or reason, re-driven ones included."""
    for batch in at_rest.read_all(files(s3, bucket, event_type, reason), lambda file: records(s3, bucket, file)):
        yield from batch


def set_aside_at_merges(s3: "S3Client", bucket: str, before: Collection[str]) -> Counter[tuple[str, str]]:
    """The number of records, by event type and reason, that merges set aside in files other than those of `before`."""
    new = [file for file in files(s3, bucket) if file.key not in before]
    batches = at_rest.read_all(new, lambda file: records(s3, bucket, file))
    return Counter(
        (record.event_type, record.reason) for batch in batches for record in batch if record.stage is Stage.MERGE
    )


def held(s3: "S3Client", bucket: str, event_type: str | None = None) -> list[Held]:
    """Every file with its records and whether it was re-driven."""

    def read(file: QuarantineFile) -> Held:
        return Held(file, tuple(records(s3, bucket, file)), is_redriven(s3, bucket, file))

    return list(at_rest.read_all(files(s3, bucket, event_type), read))


def attempts(files: Iterable[Held]) -> dict[str, int]:
    """The number of times that the bytes of each digest were sent round again."""
    origins: defaultdict[str, set[tuple[str, str, str]]] = defaultdict(set)
    for entry in files:
        if entry.is_redriven:
            for record in entry.records:
                origins[record.digest].add(record.origin)
    return {digest: len(places) for digest, places in origins.items()}


def waiting(files: Iterable[Held], choice: Filter, cap: int = MOST_ATTEMPTS) -> Iterator[Waiting]:
    """The records that a re-drive would send, file by file: each once, and none that went round `cap` times."""
    files = list(files)
    tried = attempts(files)
    seen = {record.origin for entry in files if entry.is_redriven for record in entry.records}
    for entry in files:
        file = entry.file
        is_meant = choice.event_type in (None, file.event_type) and choice.reason in (None, file.reason)
        if entry.is_redriven or not is_meant:
            continue
        chosen = [record for record in entry.records if choice.since is None or record.arrived >= choice.since]
        fresh = [record for record in chosen if record.origin not in seen]
        seen.update(record.origin for record in fresh)
        again = tuple(record for record in fresh if tried.get(record.digest, 0) < cap)
        if chosen:
            yield Waiting(file, again, exhausted=len(fresh) - len(again))


def is_redriven(s3: "S3Client", bucket: str, file: QuarantineFile) -> bool:
    """Whether the file's records were sent round again already."""
    tags = s3.get_object_tagging(Bucket=bucket, Key=file.key)["TagSet"]
    return any(tag["Key"] == REDRIVEN_TAG for tag in tags)


def redrive(s3: "S3Client", bucket: str, some: Waiting, sender: Sender, topology: Topology, now: datetime) -> Redriven:
    """Put the original bytes back on the stream they came from, then tag the file with `now`.

    Of a damaged part its chunk is announced again, which gives the part anew; one whose chunk is gone stays as it is.
    At least once: when the tag could not be written, the same bytes go round again at the next call, and the
    merge keeps one copy. A file of which the stream did not take every record stays untagged, and so does one of
    which nothing is left to send: what has been round often enough stays to be seen.
    """
    if some.file.reason == DAMAGED_PART:
        result = _announced_again(s3, bucket, some)
    else:
        messages = []
        for record in some.records:
            event = topology.event(record.event_type)
            stream = event.processed_stream if record.stage in BEHIND_A_CHUNK else event.raw_stream
            messages.append(Message(stream, record.partition_key or record.event_type, record.payload))
        receipts = sender.send(messages)
        refused = sorted({receipt.reason for receipt in receipts if receipt.outcome is not Outcome.OK})
        taken = sum(receipt.outcome is Outcome.OK for receipt in receipts)
        result = Redriven(some.file, len(some.records), taken, tuple(refused))
    if result.complete and some.records:
        # S3 replaces the whole set of tags (PutObjectTagging): the object's others go with ours.
        ours = {REDRIVEN_TAG: f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", SPENT_TAG: "true"}
        before = s3.get_object_tagging(Bucket=bucket, Key=some.file.key)["TagSet"]
        tags: list[Any] = [tag for tag in before if tag["Key"] not in ours]
        tags += ({"Key": key, "Value": value} for key, value in ours.items())
        s3.put_object_tagging(Bucket=bucket, Key=some.file.key, Tagging={"TagSet": tags})
    return result


def _announced_again(s3: "S3Client", bucket: str, some: Waiting) -> Redriven:
    """Have the chunk of each damaged part announced again: copied onto itself it has no tag, and S3 tells of it."""
    gone = []
    for record in some.records:
        chunk = at_rest.chunk_of_part(s3, bucket, record.source)
        if chunk is None:
            gone.append(f"the chunk of {record.source} is gone: send its events again from where they came from")
            continue
        s3.copy_object(
            Bucket=bucket,
            Key=chunk,
            CopySource={"Bucket": bucket, "Key": chunk},
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",
        )
    return Redriven(some.file, len(some.records), len(some.records) - len(gone), tuple(gone))

"""Parts that cannot be merged as they are: looked into one by one, and what is at fault set aside.

Nothing is at fault but what is so again on the same bytes when they are fetched a second time. What is set aside has
the key of its part for a source and the record's number for a position, so that doing it again writes the same objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.calls import Fetched
from wavetank.pipeline.core import frame, quarantine
from wavetank.pipeline.core.bulk import batch, bisect
from wavetank.pipeline.core.bulk.batch import RejectedRecord
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.files.avro_file import DamagedFile
from wavetank.pipeline.core.files.id_index import NO_IDS, LeftOut
from wavetank.pipeline.core.route import EPOCH
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import RetryLater
from wavetank.pipeline.records import Origin, Reason, Rejected, Rejection, Stage

MICROSECOND = timedelta(microseconds=1)


class ChangedMeanwhileError(RetryLater):
    """A part is not what it was when it was listed, or came in two ways: begin again."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of one file: what to leave out of it, that as quarantine has it, and the digests of its ids."""

    left_out: LeftOut
    rejected: Sequence[Rejected] = ()
    ids: Digests = field(default_factory=lambda: NO_IDS)


def of_part(bucket: str, key: str, etag: str, schema: Schema) -> Faults | None:
    """The faults of a part that was listed with this ETag; None where it can be merged as it is.

    Raises ChangedMeanwhileError where it is another by now, and the error of all its records where none is at fault.
    """
    part = _fetched(bucket, key, etag)
    try:
        records = list(bisect.unmergeable(part.data, schema))
    except DamagedFile as error:
        _fetched_again(bucket, key, part)
        rejection = Rejection(Reason.DAMAGED_PART, f"cannot be read as a part file: {error}")
        origin = Origin(key, etag.strip('"'), "", arrived_us=_micros(part.written))
        return Faults(LeftOut(etag), [Rejected(rejection, Stage.MERGE, part.data, origin)])
    if not records:
        return None
    _fetched_again(bucket, key, part)
    return of_records(part.data, records, schema, key=key, etag=etag, written=part.written)


def of_records(
    data: bytes | memoryview,
    records: Sequence[RejectedRecord],
    schema: Schema,
    *,
    key: str,
    etag: str,
    written: datetime,
) -> Faults:
    """The faults of a file that these records are, each framed as the partitioner sets it aside."""
    rejected = [
        Rejected(
            record.rejection,
            Stage.MERGE,
            payload=frame.encode(record.fingerprint, record.body),
            origin=Origin(key, str(record.number), record.rejection.event_id, arrived_us=_micros(written)),
        )
        for record in records
    ]
    left_out = LeftOut(etag, tuple(record.number for record in records))
    return Faults(left_out, rejected, bisect.digests_of(data, schema, records))


def set_aside(bucket: str, event_type: str, faults: Faults) -> None:
    """Write what is at fault to quarantine; an object that is there stays as it is, with its tags."""
    calls.add_objects(bucket, quarantine.files(event_type, faults.rejected))


def ids(bucket: str, key: str, etag: str, schema: Schema) -> list[Digests]:
    """The ids of the events in a part that can be merged, as far as reading tells."""
    data = calls.get_object(bucket, key)
    try:
        return [records.digests.unique() for records in batch.read(data, schema, [])]
    except Exception as error:
        if not bisect.is_of_data(error):
            raise
    faults = of_part(bucket, key, etag, schema)
    if faults is not None and faults.left_out.is_whole:
        return []
    numbers = faults.left_out.records if faults is not None else ()
    return [records.digests.unique() for records in bisect.without(data, schema, numbers)]


def _fetched(bucket: str, key: str, etag: str) -> Fetched:
    part = calls.fetch(bucket, key)
    if part is None or part.state.etag != etag:
        raise ChangedMeanwhileError(f"{key} changed while it was merged")
    return part


def _fetched_again(bucket: str, key: str, before: Fetched) -> None:
    """Raise ChangedMeanwhileError where the same object comes with other bytes."""
    if _fetched(bucket, key, before.state.etag).data != before.data:
        raise ChangedMeanwhileError(f"{key} did not come twice with the same bytes")


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND

"""Part files → one Avro and one Parquet object per partition, merged and deduped.

What an object was built from travels with it: the digest of its inputs is metadata of the same object. State is
read before the inputs are listed and the write is conditional on that state, so a writer that worked from an
older list loses to one that knew more, and starts over.

A copy of an id whose event time is in an earlier hour within the look-back wins over one in this partition: such ids
are left out here. They are found in the id indexes of the earlier partitions
(docs/decisions/0005-one-id-in-several-hours.md).

Where data cannot be merged, each input is looked into by itself: what is at fault is set aside and the rest lands
(docs/quarantine.md). The id index says what was left out, of which the objects' inputs are a function as well.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, environment, left_out, partitions, report
from wavetank.pipeline.aws.calls import ABSENT_STATE, State
from wavetank.pipeline.aws.left_out import ChangedMeanwhileError, Faults
from wavetank.pipeline.aws.partitions import IndexMetadata, StoredIndex
from wavetank.pipeline.aws.plan import Task, merge_inputs
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.core.bulk import batch, bisect
from wavetank.pipeline.core.bulk.batch import Batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.merge import merge_all
from wavetank.pipeline.core.files import parquet
from wavetank.pipeline.core.files.id_index import IdIndex, Listing, digest_of_inputs, digest_of_listing
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import ServiceFault
from wavetank.pipeline.layout import INPUTS, MERGED_TAG

LOG = logging.getLogger(__name__)
ATTEMPTS = 10


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Merge the partition of each message; one that fails is named in the answer and comes again.

    The registry is asked once for each event type of a batch. Lambda developer guide, "Implementing partial batch
    responses for Amazon SQS".
    """
    schemas: dict[str, Schema] = {}
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            _merge_one(Task.from_message(record["body"]), schemas)
        except Exception:
            LOG.exception("%s could not be merged", record["body"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _merge_one(task: Task, schemas: dict[str, Schema]) -> None:
    """Merge the partition of a message, and write its line; `schemas` are those that are known already."""
    event_type, tally, begun = task.partition.event_type, Tally(), time.monotonic()
    with report.invocation(event_type, partition=task.partition.path) as line:
        line |= {"merges": 0, "failed": 1}
        try:
            if event_type not in schemas:
                schemas[event_type] = newest(event_type)
            if concatenate(environment.text("DATA_BUCKET"), task, schemas[event_type], tally):
                line |= {"merges": 1, "merged": tally.merged}
                line |= {"duplicates_removed": tally.duplicates, "bytes": tally.bytes}
            line["failed"] = 0
        finally:
            line["merge_s"] = round(time.monotonic() - begun, 3)
            rejected = [each for faults in tally.set_aside.values() for each in faults.rejected]
            line["quarantined"] = report.set_aside(event_type, rejected)


@dataclass
class Tally:
    """The counts of a merge: events of its files, copies that were left out, bytes, and by key what was set aside."""

    merged: int = 0
    duplicates: int = 0
    bytes: int = 0
    set_aside: dict[str, Faults] = field(default_factory=dict)


def concatenate(bucket: str, task: Task, schema: Schema, tally: Tally | None = None) -> bool:
    """Bring both objects of a partition up to date with its inputs; False where they already were.

    tally: takes the counts. Raises ServiceFault where others kept changing them meanwhile.
    """
    tally = tally or Tally()
    for _ in range(ATTEMPTS):
        try:
            merge = _Merge.begun(bucket, task, schema, tally)
            if merge.is_up_to_date:
                merge.save_index()
                return False
            if merge.write():
                merge.save_index()
                return True
        except ChangedMeanwhileError as error:
            LOG.info("%s: begun again: %s", task.partition.path, error)
    raise ServiceFault(f"{task.partition.path} kept changing while it was merged, {ATTEMPTS} times")


@dataclass
class _Merge:
    """An attempt to merge a partition: its state and inputs, in the order in which they were read.

    `faults`: by key, of the inputs that cannot be merged as they are. `read`: the number of records of all others.
    """

    bucket: str
    task: Task
    schema: Schema
    tally: Tally
    states: dict[str, State]
    index: StoredIndex
    listing: Listing
    earlier: dict[str, StoredIndex]
    elsewhere: Digests
    merged_ids: list[Digests] = field(default_factory=list)
    faults: dict[str, Faults] = field(default_factory=dict)
    read: int = 0

    @classmethod
    def begun(cls, bucket: str, task: Task, schema: Schema, tally: Tally) -> "_Merge":
        """Read the state first, then list the inputs."""
        keys = (layout.parquet_key(task.partition), layout.avro_key(task.partition))
        states = {key: calls.head(bucket, key) or ABSENT_STATE for key in keys}
        index = partitions.stored_index(bucket, task.partition)
        listing = partitions.parts(bucket, task.partition)
        earlier = {
            partition.path: partitions.refreshed_index(bucket, partition, listed, schema)
            for partition, listed in task.before.items()
        }
        return cls(
            bucket=bucket,
            task=task,
            schema=schema,
            tally=tally,
            states=states,
            index=index,
            listing=listing,
            earlier=earlier,
            elsewhere=Digests.joined([stored.index.digests for stored in earlier.values()]),
        )

    @property
    def is_up_to_date(self) -> bool:
        """Whether the objects are made of just this."""
        if self.index.index.unmerged(self.listing):
            return False
        if self._has_no_columns:
            return all(key in self.index.index.left_out for key in self.listing)
        digest = self._digest(self.index.index)
        return all(state.metadata.get(INPUTS) == digest for state in self.states.values())

    def write(self) -> bool:
        """Merge, and replace both objects; False where somebody else has written one since its state was read.

        What cannot be merged is set aside first.
        """
        with TemporaryDirectory(prefix="concatenate-") as folder:
            avro, columns = Path(folder) / "events.avro", Path(folder) / "events.parquet"
            try:
                self._merge(avro, columns)
            except Exception as error:
                if not bisect.is_of_data(error):
                    raise
                self._look_into(Path(folder), error)
                if not self._has_no_columns:
                    self._merge(avro, columns)
            self._set_aside()
            index = self._merged_index()
            digest = self._digest(index)
            written = () if self._has_no_columns else zip(self.states.items(), (columns, avro), strict=True)
            for (key, state), path in written:
                if state.metadata.get(INPUTS) == digest:
                    continue
                with path.open("rb") as body:
                    if not calls.replace(self.bucket, key, body, state=state, metadata={INPUTS: digest}):
                        return False
        self.index = StoredIndex(index, self.index.state)
        merged = sorted(self.listing.keys() - self.faults.keys())
        calls.in_parallel(lambda key: calls.tag(self.bucket, key, MERGED_TAG), merged)
        return True

    def save_index(self) -> None:
        """Write the id index with what was merged and looked at; an index that somebody else just wrote stands."""
        before = {partition: self.earlier[partition.path].content for partition in self.task.before}
        listed = digest_of_listing(self.listing)
        metadata = IndexMetadata(listed, merge_inputs(self.schema, listed, before))
        partitions.save_index(self.bucket, self.task.partition, self.index, metadata)

    @property
    def _has_no_columns(self) -> bool:
        """Whether nothing can be written in the schema: it was published past the gate, and there is no other."""
        return bool(self.schema.unusable)

    @property
    def _readable(self) -> set[str]:
        """The keys of the parts of which something can be merged, as far as is known."""
        return {key for key in self.listing if key not in self.faults or not self.faults[key].left_out.is_whole}

    def _digest(self, index: IdIndex) -> str:
        dropped = index.digests.take(index.digests.within(self.elsewhere))
        return digest_of_inputs(self.schema.fingerprint, index.inputs, dropped, index.left_out)

    def _merged_index(self) -> IdIndex:
        """The index with what is merged now; the ids that only left-out records have are not in it."""
        ours = {key: faults.left_out for key, faults in self.faults.items() if key in self.listing}
        absent = Digests.joined([faults.ids for faults in self.faults.values()])
        return self.index.index.with_inputs(self.listing, Digests.joined(self.merged_ids), ours, absent)

    def _merge(self, avro: Path, columns: Path) -> None:
        """Write both files anew, of all inputs but their faults."""
        self.merged_ids.clear()
        self.read = 0
        sizes = environment.sizes()
        with avro.open("wb") as avro_out, columns.open("wb") as columns_out:
            merged = merge_all(self._batches(avro.with_name("before.avro")), self.elsewhere, sizes)
            count = parquet.write_both(merged, self.schema, avro_out, columns_out, sizes=sizes)
        self.tally.merged, self.tally.duplicates = count, self.read - count
        self.tally.bytes = avro.stat().st_size + columns.stat().st_size

    def _batches(self, before: Path) -> Iterator[Batch]:
        """The records of every input. Those of parts that have expired are taken from what they were merged into.

        So are those of a part that was merged before it was damaged.
        """
        expired = self.index.index.expired(self._readable)
        if expired:
            key = self._merged_key(expired)
            for records in self._sound(key, calls.mapped(self.bucket, key, before)):
                if self.faults:
                    self.merged_ids.append(records.digests.unique())
                yield records
        for key in sorted(self._readable):
            for records in self._sound(key, calls.get_object(self.bucket, key)):
                self.merged_ids.append(records.digests.unique())
                yield records

    def _sound(self, key: str, data: bytes | memoryview) -> Iterator[Batch]:
        """The records of an input that can be merged, as far as is known."""
        if key in self.faults:
            batches = bisect.without(data, self.schema, self.faults[key].left_out.records)
        else:
            batches = batch.read(data, self.schema)
        for records in batches:
            self.read += len(records)
            yield records

    def _merged_key(self, expired: list[str]) -> str:
        key = layout.avro_key(self.task.partition)
        if not self.states[key].etag:
            raise ServiceFault(f"{expired[0]} is gone, and so is the file that it was merged into")
        return key

    def _look_into(self, folder: Path, error: Exception) -> None:
        """Find the faults of each input by itself; raises `error` where there are none."""
        for key, etag in sorted(self.listing.items()):
            faults = left_out.of_part(self.bucket, key, etag, self.schema)
            if faults is not None:
                self.faults[key] = faults
        expired = self.index.index.expired(self._readable)
        if expired:
            self._look_into_merged(self._merged_key(expired), folder)
        if not self.faults:
            raise error

    def _look_into_merged(self, key: str, folder: Path) -> None:
        """Find the faults of the file that expired parts were merged into; one that is damaged itself is an error."""
        data, again = (calls.mapped(self.bucket, key, folder / name) for name in ("first.avro", "second.avro"))
        records = list(bisect.unmergeable(data, self.schema))
        state = calls.head(self.bucket, key)
        if data != again or state is None or state.etag != self.states[key].etag:
            raise ChangedMeanwhileError(f"{key} changed while it was looked into")
        if records:
            self.faults[key] = left_out.of_records(
                data, records, self.schema, key=key, etag=state.etag, written=self.task.partition.start
            )

    def _set_aside(self) -> None:
        """Set aside what is at fault, but for what was so when the index was written: it may be re-driven by now."""
        for key, faults in self.faults.items():
            if self.index.index.left_out.get(key) != faults.left_out:
                LOG.warning("%s: %d set aside, such as: %s", key, len(faults.rejected), faults.rejected[0].rejection)
                left_out.set_aside(self.bucket, self.task.partition.event_type, faults)
                self.tally.set_aside[key] = faults

"""Part files → one Avro and one Parquet object per partition, merged and deduped.

What an object was built from travels with it: the digest of its inputs is metadata of the same object. State is
read before the inputs are listed and the write is conditional on that state, so a writer that worked from an
older list loses to one that knew more, and starts over.

A copy of an id whose event time is in an earlier hour within the look-back wins over one in this partition: such ids
are left out here. They are found in the id indexes of the earlier partitions
(docs/decisions/0005-one-id-in-several-hours.md).
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls, environment, partitions
from wavetank.pipeline.aws.calls import ABSENT_STATE, State
from wavetank.pipeline.aws.partitions import IndexMetadata, StoredIndex
from wavetank.pipeline.aws.plan import Task, merge_inputs
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.core.bulk import batch
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
            task = Task.from_message(record["body"])
            event_type = task.partition.event_type
            if event_type not in schemas:
                schemas[event_type] = newest(event_type)
            concatenate(environment.text("DATA_BUCKET"), task, schemas[event_type])
        except Exception:
            LOG.exception("%s could not be merged", record["body"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def concatenate(bucket: str, task: Task, schema: Schema) -> bool:
    """Bring both objects of a partition up to date with its inputs; False where they already were.

    Raises ServiceFault where others kept changing them meanwhile.
    """
    for _ in range(ATTEMPTS):
        merge = _Merge.begun(bucket, task, schema)
        if merge.is_up_to_date:
            merge.save_index()
            return False
        if merge.write():
            merge.save_index()
            return True
    raise ServiceFault(f"{task.partition.path} kept changing while it was merged, {ATTEMPTS} times")


@dataclass
class _Merge:
    """An attempt to merge a partition: its state and inputs, in the order in which they were read."""

    bucket: str
    task: Task
    schema: Schema
    states: dict[str, State]
    index: StoredIndex
    listing: Listing
    earlier: dict[str, StoredIndex]
    elsewhere: Digests
    merged_ids: list[Digests] = field(default_factory=list)

    @classmethod
    def begun(cls, bucket: str, task: Task, schema: Schema) -> "_Merge":
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
        digest = self._digest(self.index.index)
        return all(state.metadata.get(INPUTS) == digest for state in self.states.values())

    def write(self) -> bool:
        """Merge, and replace both objects; False where somebody else has written one since its state was read."""
        with TemporaryDirectory(prefix="concatenate-") as folder:
            avro, columns = Path(folder) / "events.avro", Path(folder) / "events.parquet"
            with avro.open("wb") as avro_out, columns.open("wb") as columns_out:
                merged = merge_all(self._batches(Path(folder) / "before.avro"), self.elsewhere)
                parquet.write_both(merged, self.schema, avro_out, columns_out)
            index = self.index.index.with_inputs(self.listing, Digests.joined(self.merged_ids))
            digest = self._digest(index)
            for (key, state), path in zip(self.states.items(), (columns, avro), strict=True):
                if state.metadata.get(INPUTS) == digest:
                    continue
                with path.open("rb") as body:
                    if not calls.replace(self.bucket, key, body, state=state, metadata={INPUTS: digest}):
                        return False
        self.index = StoredIndex(index, self.index.state)
        calls.in_parallel(lambda key: calls.tag(self.bucket, key, MERGED_TAG), sorted(self.listing))
        return True

    def save_index(self) -> None:
        """Write the id index with what was merged and looked at; an index that somebody else just wrote stands."""
        before = {partition: self.earlier[partition.path].listed for partition in self.task.before}
        listed = digest_of_listing(self.listing)
        metadata = IndexMetadata(listed, merge_inputs(self.schema, listed, before))
        partitions.save_index(self.bucket, self.task.partition, self.index, metadata)

    def _digest(self, index: IdIndex) -> str:
        dropped = index.digests.take(index.digests.within(self.elsewhere))
        return digest_of_inputs(self.schema.fingerprint, index.inputs, dropped)

    def _batches(self, before: Path) -> Iterator[Batch]:
        """The records of every input. Those of parts that have expired are taken from what they were merged into."""
        expired = self.index.index.expired(self.listing)
        if expired:
            key = layout.avro_key(self.task.partition)
            if not self.states[key].etag:
                raise ServiceFault(f"{expired[0]} is gone, and so is the file that it was merged into")
            yield from batch.read(calls.mapped(self.bucket, key, before), self.schema)
        for key in sorted(self.listing):
            for records in batch.read(calls.get_object(self.bucket, key), self.schema):
                self.merged_ids.append(records.digests.unique())
                yield records

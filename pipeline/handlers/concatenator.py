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

from wavetank.pipeline.aws import calls, environment, id_index
from wavetank.pipeline.aws import listing as layout
from wavetank.pipeline.aws.calls import ABSENT_STATE, State
from wavetank.pipeline.aws.newest import newest
from wavetank.pipeline.aws.plan import Task, surroundings
from wavetank.pipeline.aws.tags import MERGED_TAG
from wavetank.pipeline.core.bulk import batch
from wavetank.pipeline.core.bulk.batch import Batch
from wavetank.pipeline.core.bulk.digests import Digests
from wavetank.pipeline.core.bulk.spill import merge_all
from wavetank.pipeline.core.files import merged
from wavetank.pipeline.core.files.id_index import IdIndex, Listing, digest_of_inputs, digest_of_listing
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.errors import ServiceFault

LOG = logging.getLogger(__name__)
INPUTS = "inputs"
"""Metadata of a merged object: what it is made of (`digest_of_inputs`)."""
ATTEMPTS = 10


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Merge the partition of each message; one that fails is named in the answer and comes again.

    Lambda developer guide, "Implementing partial batch responses for Amazon SQS".
    """
    schemas: dict[str, Schema] = {}
    failed = [{"itemIdentifier": record["messageId"]} for record in event["Records"] if not _is_done(record, schemas)]
    return {"batchItemFailures": failed}


def _is_done(record: dict[str, Any], schemas: dict[str, Schema]) -> bool:
    """Whether the partition of a message was merged; the registry is asked once for each event type of a batch."""
    try:
        task = Task.from_message(record["body"])
        name = task.partition.event
        if name not in schemas:
            schemas[name] = newest(name)
        concatenate(environment.text("DATA_BUCKET"), task, schemas[name])
    except Exception:
        LOG.exception("%s could not be merged", record["body"])
        return False
    return True


def concatenate(bucket: str, task: Task, schema: Schema) -> bool:
    """Bring both objects of a partition up to date with its inputs; False where they already were.

    Raises ServiceFault where others kept changing them meanwhile.
    """
    for _ in range(ATTEMPTS):
        merge = _Merge.begun(bucket, task, schema)
        if merge.is_up_to_date:
            merge.note()
            return False
        if merge.write():
            merge.note()
            return True
    raise ServiceFault(f"{task.partition.path} kept changing while it was merged, {ATTEMPTS} times")


@dataclass
class _Merge:
    """One attempt: what was found, in the order in which it was looked for."""

    bucket: str
    task: Task
    schema: Schema
    states: dict[str, State]
    index: id_index.Held
    listing: Listing
    earlier: dict[str, id_index.Held]
    elsewhere: Digests
    seen: list[Digests] = field(default_factory=list)

    @classmethod
    def begun(cls, bucket: str, task: Task, schema: Schema) -> "_Merge":
        """Read the state first, then list the inputs."""
        keys = (layout.parquet_key(task.partition), layout.avro_key(task.partition))
        states = {key: calls.head(bucket, key) or ABSENT_STATE for key in keys}
        index = id_index.held(bucket, task.partition)
        listing = layout.listing(bucket, task.partition)
        known = {each.path: id_index.as_of(bucket, each, listed, schema) for each, listed in task.before.items()}
        elsewhere = Digests.joined([each.index.digests for each in known.values()])
        return cls(bucket, task, schema, states, index, listing, known, elsewhere)

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
            self._merge_to(avro, columns, Path(folder) / "before.avro")
            index = self.index.index.with_inputs(self.listing, Digests.joined(self.seen))
            digest = self._digest(index)
            outputs = zip(self.states, (columns, avro), strict=True)
            if not all(self._replace(key, path, digest) for key, path in outputs):
                return False
        self.index = id_index.Held(index, self.index.state)
        calls.each(lambda key: calls.tag(self.bucket, key, MERGED_TAG), sorted(self.listing))
        return True

    def note(self) -> None:
        """Write down what was merged and what was looked at. If somebody else just did, their word stands."""
        before = {each: self.earlier[each.path].listed for each in self.task.before}
        listed = digest_of_listing(self.listing)
        note = id_index.Note(listed, surroundings(self.schema, listed, before))
        id_index.save(self.bucket, self.task.partition, self.index, note)

    def _digest(self, index: IdIndex) -> str:
        dropped = index.digests.take(index.digests.within(self.elsewhere))
        return digest_of_inputs(self.schema.fingerprint, index.inputs, dropped)

    def _merge_to(self, avro: Path, columns: Path, before: Path) -> None:
        with avro.open("wb") as avro_out, columns.open("wb") as columns_out:
            merged.write(merge_all(self._batches(before), self.elsewhere), self.schema, avro_out, columns_out)

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
                self.seen.append(records.digests.unique())
                yield records

    def _replace(self, key: str, path: Path, digest: str) -> bool:
        if self.states[key].metadata.get(INPUTS) == digest:
            return True
        with path.open("rb") as body:
            return calls.replace(self.bucket, key, body, self.states[key], {INPUTS: digest})

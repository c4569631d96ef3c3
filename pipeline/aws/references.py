"""Reference data as a warm function has them: the index read again in time, the snapshots that are in use kept."""

from collections import OrderedDict
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws.calls import code, registry_s3
from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.errors import RegistryFault
from wavetank.pipeline.reference.index import SECOND_US, Entry, Index, NoSnapshot, is_fresh
from wavetank.pipeline.reference.snapshot import DamagedSnapshot, Snapshot

NO_ETAG = '"0"'
NOT_MODIFIED = ("304", "NotModified")
MOST_SNAPSHOTS = 2
"""Snapshots of a reference that are kept: the one in effect, and the one before it for records that come again."""


class References:
    """The references of the registry's bucket. Each call raises RegistryFault where S3 does not answer it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._indexes: dict[str, tuple[str, Index, int]] = {}
        self._snapshots: dict[str, OrderedDict[str, Snapshot]] = {}

    def as_of(self, name: str, arrived_us: int) -> tuple[Entry, Snapshot]:
        """The entry of a reference that is in effect for records that arrived at a time, and its snapshot.

        Raises NoSnapshot where none is.
        """
        entry = self._index(name, arrived_us).as_of(arrived_us, name)
        kept = self._snapshots.setdefault(name, OrderedDict())
        if entry.digest not in kept:
            kept[entry.digest] = self._snapshot(name, entry.digest)
            while len(kept) > MOST_SNAPSHOTS:
                kept.popitem(last=False)
        kept.move_to_end(entry.digest)
        return entry, kept[entry.digest]

    def _index(self, name: str, arrived_us: int) -> Index:
        """The index, read at a time from which it answers for this arrival."""
        etag, index, read_us = self._indexes.get(name, (NO_ETAG, Index(), 0))
        if is_fresh(read_us, arrived_us):
            return index
        key = layout.reference_index_key(name)
        try:
            answer = registry_s3().get_object(Bucket=self._bucket, Key=key, IfNoneMatch=etag)
            etag, index = answer["ETag"], Index.from_json(answer["Body"].read())
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code(error) == "NoSuchKey":
                raise NoSnapshot(f"reference {name}: no snapshot of it is published yet") from error
            if not (isinstance(error, ClientError) and code(error) in NOT_MODIFIED):
                raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error
        except ValueError as error:
            raise RegistryFault(f"{key} in {self._bucket} is {error}") from error
        # The services' clock says when it was read. It is behind the arrival where clocks differ by less than the skew.
        now = SERVICE_CLOCK.now()
        read_us = arrived_us if now is None else max(int(now * SECOND_US), arrived_us)
        self._indexes[name] = (etag, index, read_us)
        return index

    def _snapshot(self, name: str, digest: str) -> Snapshot:
        key = layout.reference_snapshot_key(name, digest)
        try:
            return Snapshot(registry_s3().get_object(Bucket=self._bucket, Key=key)["Body"].read())
        except (ClientError, BotoCoreError, DamagedSnapshot) as error:
            raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error


@cache
def references(bucket: str) -> References:
    """The references of the registry's bucket."""
    return References(bucket)

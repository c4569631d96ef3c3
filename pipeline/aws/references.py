"""Reference data as a warm function has them: the index read again in time, the snapshots that are in use kept."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws.calls import Condition, code, registry_s3
from wavetank.pipeline.aws.service_clock import date_of
from wavetank.pipeline.errors import RegistryFault
from wavetank.pipeline.reference.index import SECOND_US, Entry, Index, NoSnapshot, is_fresh
from wavetank.pipeline.reference.snapshot import DamagedSnapshot, Snapshot

NOT_MODIFIED = ("304", "NotModified")
MOST_SNAPSHOTS = 2
"""Snapshots of a reference that are kept: the one in effect, and the one before it for records that come again."""


@dataclass(frozen=True, slots=True)
class Copy:
    """An index as it was read, with its ETag, and a time at or before which it was: microseconds, by S3's clock."""

    index: Index
    etag: str
    read_us: int


class References:
    """The references of the registry's bucket. Each call raises RegistryFault where S3 does not answer it."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._copies: dict[str, Copy] = {}
        self._snapshots: dict[str, OrderedDict[str, Snapshot]] = {}

    def as_of(self, name: str, arrived_us: int) -> tuple[Entry, Snapshot]:
        """The entry of a reference that is in effect for records that arrived at a time, and its snapshot.

        Raises NoSnapshot where none is.
        """
        entry = self._index(name, arrived_us).as_of(arrived_us, name)
        kept = self._snapshots.setdefault(name, OrderedDict())
        if entry.digest not in kept:
            # Room is made first: there are never more of them in memory, not even while one is read.
            while len(kept) >= MOST_SNAPSHOTS:
                kept.popitem(last=False)
            kept[entry.digest] = self._snapshot(name, entry.digest)
        kept.move_to_end(entry.digest)
        return entry, kept[entry.digest]

    def _index(self, name: str, arrived_us: int) -> Index:
        """The index, read at a time from which it answers for this arrival. One that is empty answers for none."""
        copy = self._copies.get(name)
        if copy is None or not copy.index.entries or not is_fresh(copy.read_us, arrived_us):
            copy = self._copies[name] = self._read(name, copy)
            if not is_fresh(copy.read_us, arrived_us):
                early_s = (arrived_us - copy.read_us) / SECOND_US
                raise RegistryFault(
                    f"reference {name}: a record arrived {early_s:,.0f} s after its index was read now: the clocks of "
                    "S3 and Kinesis are further apart than can be answered for"
                )
        return copy.index

    def _read(self, name: str, known: Copy | None) -> Copy:
        """The index as it is now; it is not sent again where it has not changed."""
        key = layout.reference_index_key(name)
        condition: Condition = {"IfNoneMatch": known.etag} if known else {}
        began = time.monotonic()
        try:
            answer: Mapping[str, Any] = registry_s3().get_object(Bucket=self._bucket, Key=key, **condition)
            read_us = _read_us(answer, began)
            return Copy(Index.from_json(answer["Body"].read()), answer["ETag"], read_us)
        except (ClientError, BotoCoreError) as error:
            reason = code(error) if isinstance(error, ClientError) else ""
            if known and isinstance(error, ClientError) and reason in NOT_MODIFIED:
                return Copy(known.index, known.etag, _read_us(error.response, began))
            if reason == "NoSuchKey":
                raise NoSnapshot(f"reference {name}: no snapshot of it is published yet") from error
            raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error
        except ValueError as error:
            raise RegistryFault(f"{key} in {self._bucket} is {error}") from error

    def _snapshot(self, name: str, digest: str) -> Snapshot:
        key = layout.reference_snapshot_key(name, digest)
        try:
            data = registry_s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()
            return Snapshot(data, digest)
        except (ClientError, BotoCoreError, DamagedSnapshot) as error:
            raise RegistryFault(f"cannot read {key} in {self._bucket}: {error}") from error


def _read_us(answer: Mapping[str, Any], began: float) -> int:
    """A time at or before which S3 read what it answers: the date of its answer, less all the time that it took."""
    took_s = time.monotonic() - began
    date = date_of(answer)
    if date is None:
        raise RegistryFault("S3 answered without a date, so that nobody knows how old its answer is")
    return int((date - took_s) * SECOND_US)


@cache
def references(bucket: str) -> References:
    """The references of the registry's bucket."""
    return References(bucket)

"""References in the registry's bucket, read as anybody may who can read it: nothing is written, no function asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wavetank.emulator.errors import CallerError, StackError
from wavetank.pipeline import layout
from wavetank.pipeline.aws.calls import ABSENT, code
from wavetank.pipeline.aws.publication import Publication
from wavetank.pipeline.reference.index import Entry, Index
from wavetank.pipeline.reference.snapshot import DamagedSnapshot, Snapshot

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NO_BUCKET = "NoSuchBucket"
ROWS = "rows"
"""Metadata of a snapshot: the number of its rows."""


class NotPublished(CallerError):
    """No snapshot of a reference is published; the message says of which."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no snapshot of {name} is published.",
            "`wavetank reference list` says where each comes from; a file is published by `wavetank deploy`.",
        )


class SnapshotGone(StackError):
    """A snapshot that an index names cannot be read; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class PublishedReferences:
    """The references in a registry's bucket. Each call raises CallerError where there is no such bucket."""

    s3: "S3Client"
    bucket: str

    def names(self) -> list[str]:
        """The names of those that an index was published of, in order."""
        prefix = f"{layout.REFERENCE}/"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        folders: list[str] = self._of_bucket(
            lambda: [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
        )
        return sorted(folder.removeprefix(prefix).rstrip("/") for folder in folders)

    def index(self, name: str) -> Index:
        """The index of a reference; an empty one where none is published. Raises RegistryFault for what is no index."""
        index: Index = self._of_bucket(Publication(self.s3, self.bucket, name).read_index)
        return index

    def entries(self, name: str) -> Index:
        """The index of a reference that is published. Raises NotPublished, RegistryFault."""
        index = self.index(name)
        if not index.entries:
            raise NotPublished(name)
        return index

    def looked_at(self, name: str) -> datetime | None:
        """When a reference was last looked at, changed or not, by the clock of S3; None where nobody has.

        It is when its heartbeat was written.
        """
        try:
            return self.s3.head_object(Bucket=self.bucket, Key=layout.reference_heartbeat_key(name))["LastModified"]
        except ClientError as error:
            if code(error) in (*ABSENT, NO_BUCKET):
                return None
            raise

    def snapshot(self, name: str, entry: Entry) -> Snapshot:
        """The snapshot of an entry. Raises SnapshotGone where it has expired or is damaged."""
        key = layout.reference_snapshot_key(name, entry.digest)
        try:
            return Snapshot(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        except ClientError as error:
            if code(error) in ABSENT:
                raise self._gone(key) from error
            raise
        except DamagedSnapshot as error:
            raise SnapshotGone(f"{key} in {self.bucket} is damaged: {error}") from error

    def rows(self, name: str, entry: Entry) -> int:
        """The number of rows of an entry's snapshot, by its metadata or else its content. Raises SnapshotGone."""
        key = layout.reference_snapshot_key(name, entry.digest)
        try:
            stated = self.s3.head_object(Bucket=self.bucket, Key=key)["Metadata"].get(ROWS, "")
        except ClientError as error:
            if code(error) in ABSENT:
                raise self._gone(key) from error
            raise
        return int(stated) if stated.isdecimal() else len(self.snapshot(name, entry))

    def _gone(self, key: str) -> SnapshotGone:
        return SnapshotGone(f"{key} in {self.bucket} is not there: it has expired, or was deleted.")

    def _of_bucket(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except ClientError as error:
            if code(error) != NO_BUCKET:
                raise
            raise CallerError(
                f"there is no bucket {self.bucket}: nothing is deployed there.",
                "Deploy with `wavetank deploy`, or name the stage with --stage.",
            ) from error

"""Publishes snapshots of references: the snapshot first, the index that makes it known last and conditionally.

The index is read before the data are (`read_index`), so that of two who publish at a time the one that began first and
ends last is refused: nobody goes back in time.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws.calls import ABSENT, CHANGED_MEANWHILE, State, code
from wavetank.pipeline.errors import RegistryFault, RetryLater
from wavetank.pipeline.reference.index import Entry, Index

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Overtaken(RetryLater):
    """The reference was published by somebody else since its index was read."""


class Publication:
    """A reference in a bucket, as who publishes it sees it from `read_index` on."""

    def __init__(self, s3: "S3Client", bucket: str, name: str) -> None:
        self._s3, self._bucket, self._name = s3, bucket, name
        self._state = State()
        self.index = Index()

    def read_index(self) -> Index:
        """The index as it is published now; empty where there is none. Raises RegistryFault for what is no index."""
        key = layout.reference_index_key(self._name)
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            self._state, self.index = State(answer["ETag"]), Index.from_json(answer["Body"].read())
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            self._state, self.index = State(), Index()
        except ValueError as error:
            raise RegistryFault(f"{key} in {self._bucket} is {error}") from error
        return self.index

    def publish(self, digest: str, snapshot: Path, now_us: int) -> Entry | None:
        """Write a snapshot, then the index with it; the new entry, or None where the newest has that digest already.

        now_us: the time by the clock of S3. Raises Overtaken where the index is not the one that was read any more.
        """
        index = self.index.with_snapshot(digest, now_us)
        if index is self.index:
            return None
        if all(entry.digest != digest for entry in self.index.entries):
            with snapshot.open("rb") as body:
                key = layout.reference_snapshot_key(self._name, digest)
                self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)
        key = layout.reference_index_key(self._name)
        try:
            answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=index.to_json(), **self._state.condition)
        except ClientError as error:
            if code(error) in (*CHANGED_MEANWHILE, *ABSENT):
                raise Overtaken(f"reference {self._name}: somebody else has published it meanwhile") from error
            raise
        self._state, self.index = State(answer["ETag"]), index
        return index.entries[-1]

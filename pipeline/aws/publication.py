"""Publishes snapshots of references: the snapshot first, the index that makes it known last and conditionally.

The index is read before the data are (`read_index`), so that of two who publish at a time the one that began first and
ends last is refused: nobody goes back in time. The dumper and the deployment publish in this one way.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from wavetank.pipeline import layout
from wavetank.pipeline.aws.calls import ABSENT, CHANGED_MEANWHILE, State, code
from wavetank.pipeline.aws.service_clock import date_of
from wavetank.pipeline.errors import RegistryFault, RetryLater, ServiceFault
from wavetank.pipeline.reference.index import PUBLISH_US, SECOND_US, Entry, Index

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROWS = "rows"
"""Metadata of a snapshot: the number of its rows."""
ANSWER_S = 5
"""So long before `PUBLISH_US` is over the last attempt to write an index is made: it may take as long to be seen."""
ORPHAN_AGE = timedelta(days=1)
"""A snapshot that is in no index, and is older than any run that could yet put it into one, is superseded too."""


class Overtaken(RetryLater):
    """The reference was published by somebody else since its index was read."""


class TooLate(RetryLater):
    """An index could not be written in the time from which its newest entry's effect is reckoned."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The last look at a reference that succeeded: the tick that it was for, when it was made, and what there was.

    tick_us and looked_us: microseconds since the epoch, the latter by the clock of S3.
    """

    tick_us: int
    looked_us: int
    digest: str
    rows: int

    @classmethod
    def from_json(cls, text: bytes) -> "Heartbeat | None":
        """The heartbeat in a document; None for what is none, which is as good as no look."""
        try:
            document = json.loads(text)
            tick_us, looked_us, rows = (int(document[name]) for name in ("tick_us", "looked_us", "rows"))
            return cls(tick_us, looked_us, str(document["digest"]), rows)
        except (ValueError, KeyError, TypeError):
            return None


class Publication:
    """A reference in a bucket, as who publishes it sees it from `read_index` on."""

    def __init__(self, s3: "S3Client", bucket: str, name: str) -> None:
        self._s3, self._bucket, self._name = s3, bucket, name
        self._state = State()
        self._date, self._heard = 0.0, 0.0
        self.index = Index()

    @property
    def now_us(self) -> int:
        """The time by the clock of S3, as its last answer told it; rounded down to a second."""
        return int((self._date + time.monotonic() - self._heard) * SECOND_US)

    def read_index(self) -> Index:
        """The index as it is published now; empty where there is none. Raises RegistryFault for what is no index."""
        key = layout.reference_index_key(self._name)
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
            self._hear(answer)
            self._state, self.index = State(answer["ETag"]), Index.from_json(answer["Body"].read())
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            self._hear(error.response)
            self._state, self.index = State(), Index()
        except ValueError as error:
            raise RegistryFault(f"{key} in {self._bucket} is {error}") from error
        return self.index

    def read_heartbeat(self) -> Heartbeat | None:
        """The heartbeat; None where there is none."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=layout.reference_heartbeat_key(self._name))
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            return None
        return Heartbeat.from_json(answer["Body"].read())

    def write_heartbeat(self, tick_us: int, digest: str, rows: int) -> None:
        """Write that the reference was looked at now, changed or not."""
        body = json.dumps(asdict(Heartbeat(tick_us, self.now_us, digest, rows))).encode()
        self._hear(self._s3.put_object(Bucket=self._bucket, Key=layout.reference_heartbeat_key(self._name), Body=body))

    def newest_rows(self) -> int | None:
        """The number of rows of the newest snapshot; None where there is none, or nobody knows it."""
        if self.index.newest is None:
            return None
        key = layout.reference_snapshot_key(self._name, self.index.newest.digest)
        try:
            rows = self._s3.head_object(Bucket=self._bucket, Key=key)["Metadata"].get(ROWS, "")
        except ClientError as error:
            if code(error) not in ABSENT:
                raise
            return None
        return int(rows) if rows.isdecimal() else None

    def publish(self, digest: str, snapshot: Path, rows: int, keep_us: int) -> Entry | None:
        """Write a snapshot, then the index with it; the new entry, or None where the newest has that digest already.

        keep_us: so long an entry is kept after the one that follows it is in effect. The decision, from which the
        effect is reckoned, is made once the snapshot is written. Raises Overtaken where the index is not the one that
        was read any more, TooLate where it could not be written in time.
        """
        if self.index.newest is not None and self.index.newest.digest == digest:
            return None
        kept = self.index.pruned(self.now_us - keep_us)
        if all(entry.digest != digest for entry in kept.entries):
            key = layout.reference_snapshot_key(self._name, digest)
            with snapshot.open("rb") as body:
                self._hear(self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, Metadata={ROWS: str(rows)}))
        decided_us = self.now_us
        self._write_index(kept.with_snapshot(digest, decided_us), decided_us)
        return self.index.entries[-1]

    def prune(self, keep_us: int) -> bool:
        """Take entries out of the index that nothing needs any more; whether there were any. Raises Overtaken."""
        now_us = self.now_us
        kept = self.index.pruned(now_us - keep_us)
        if kept == self.index:
            return False
        self._write_index(kept, now_us)
        return True

    def clear(self, keep_us: int, *, is_renewed: bool) -> int | None:
        """Tag the snapshots that nothing needs any more, where the index has changed; the number of them, or None.

        is_renewed: whether it was published since it was read. Raises Overtaken.
        """
        return self.supersede() if self.prune(keep_us) or is_renewed else None

    def supersede(self) -> int:
        """Tag each snapshot that is not in the index any more, or never came to be; the number of them."""
        digests = {entry.digest for entry in self.index.entries}
        before = datetime.fromtimestamp(self.now_us / SECOND_US, UTC) - ORPHAN_AGE
        prefix = layout.reference_snapshot_key(self._name, "")
        number = 0
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                if each["Key"].removeprefix(prefix) not in digests and each["LastModified"] < before:
                    self._s3.put_object_tagging(
                        Bucket=self._bucket, Key=each["Key"], Tagging={"TagSet": [layout.SUPERSEDED_TAG]}
                    )
                    number += 1
        return number

    def _write_index(self, index: Index, decided_us: int) -> None:
        """Write an index in the place of the one that was read, no later than it may be."""
        key, body = layout.reference_index_key(self._name), index.to_json()
        try:
            with self._in_time(decided_us):
                answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, **self._state.condition)
        except ClientError as error:
            if code(error) not in (*CHANGED_MEANWHILE, *ABSENT):
                raise
            # The answer to a first attempt may have been lost: then it is this one that is there.
            self.read_index()
            if self.index != index:
                raise Overtaken(f"reference {self._name}: somebody else has published it meanwhile") from error
            return
        self._hear(answer)
        self._state, self.index = State(answer["ETag"]), index
        if self.now_us > decided_us + PUBLISH_US:
            took_s = (self.now_us - decided_us) / SECOND_US
            raise TooLate(
                f"reference {self._name}: its index was written {took_s:.0f} s after it was decided: records that "
                "arrived while an older copy of it was used may be enriched otherwise when they come again"
            )

    @contextmanager
    def _in_time(self, decided_us: int) -> Iterator[None]:
        """While the block runs, no attempt of a call begins when it could be seen too late. Raises TooLate."""
        last_us = decided_us + PUBLISH_US - ANSWER_S * SECOND_US

        def check(**_: Any) -> None:
            if self.now_us > last_us:
                raise TooLate(f"reference {self._name}: its index could not be written in time; nothing is changed")

        events = self._s3.meta.events
        events.register("before-send.s3.PutObject", check)
        try:
            yield
        finally:
            events.unregister("before-send.s3.PutObject", check)

    def _hear(self, answer: Mapping[str, Any]) -> None:
        date = date_of(answer)
        if date is None:
            raise ServiceFault("S3 answered without a date, so that nobody knows what time it is")
        self._date, self._heard = date, time.monotonic()

"""Publishes the references that come from files of the project, in the way in which dumpers publish those of databases.

A file that has not changed writes nothing but the heartbeat. Of a changed one the time from which it is in effect is
reckoned by the clock of S3, which is not that of this machine.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from wavetank.emulator.errors import DeployFailed
from wavetank.emulator.stack.stack import Stack
from wavetank.pipeline.aws.publication import Publication
from wavetank.pipeline.components import reference_files
from wavetank.pipeline.components.reference_files import Written
from wavetank.pipeline.errors import ConfigurationError, RetryLater
from wavetank.pipeline.reference.index import BEGINNING_US, HOUR_US, SECOND_US, Entry
from wavetank.pipeline.template.dumpers import snapshot_hours
from wavetank.pipeline.topology import Topology

MEND = "Mend the file and run the command again; nothing was written."
AGAIN = "Run the command again."


@dataclass(frozen=True, slots=True)
class Renewal:
    """A reference whose file has changed: the rows that it has now, and since when they are in effect.

    from_us: microseconds since the epoch, by the clock of S3; 0 for the first rows of a reference.
    """

    name: str
    rows: int
    from_us: int

    def __str__(self) -> str:
        rows = f"reference {self.name}: {self.rows:,} row{'s' * (self.rows != 1)}"
        if self.from_us == BEGINNING_US:
            return f"{rows}, in effect for all records"
        since = datetime.fromtimestamp(self.from_us / SECOND_US, UTC)
        return f"{rows}, in effect for records that arrive from {since:%Y-%m-%dT%H:%M:%SZ} on"

    def document(self) -> dict[str, str | int]:
        """The renewal as plain data."""
        return {"name": self.name, "rows": self.rows, "from_us": self.from_us}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A snapshot of a reference's file that is ready to be published."""

    name: str
    publication: Publication
    path: Path
    written: Written

    def publish(self, keep_us: int) -> Renewal | None:
        """Publish the snapshot where it is not the newest, and write that the reference was looked at.

        keep_us: so long an entry of the index is kept after the next one is in effect. Raises RetryLater.
        """
        publication, (digest, rows) = self.publication, (self.written.digest, self.written.rows)
        entry: Entry | None = publication.publish(digest, self.path, rows, keep_us)
        publication.clear(keep_us, is_renewed=entry is not None)
        publication.write_heartbeat(publication.now_us, digest, rows)
        return None if entry is None else Renewal(self.name, rows, entry.from_us)


@contextmanager
def prepared(stack: Stack, planned: Topology) -> Iterator[Sequence[Prepared]]:
    """The snapshots of all files, for as long as the block lasts.

    Indexes are read first: of two who publish at a time, nobody goes back in time. Raises DeployFailed.
    """
    bucket = planned.names.registry_bucket(stack.account)
    references = [reference for reference in planned.references if reference.file is not None]
    with TemporaryDirectory(prefix="wavetank-references-") as folder:
        snapshots = []
        for reference in references:
            publication = Publication(stack.client("s3"), bucket, reference.name)
            path = Path(folder, reference.name)
            try:
                publication.read_index()
                with path.open("wb") as out:
                    written = reference_files.write(reference, out)
            except ConfigurationError as error:
                raise DeployFailed(str(error), MEND) from error
            except RetryLater as error:
                raise DeployFailed(str(error), AGAIN) from error
            snapshots.append(Prepared(reference.name, publication, path, written))
        yield snapshots


def publish(snapshots: Sequence[Prepared], planned: Topology) -> tuple[Renewal, ...]:
    """Publish snapshots of files; answers with those that had changed. Raises DeployFailed."""
    keep_us = snapshot_hours(planned) * HOUR_US
    try:
        renewals = [each.publish(keep_us) for each in snapshots]
    except RetryLater as error:
        raise DeployFailed(str(error), AGAIN) from error
    return tuple(renewal for renewal in renewals if renewal is not None)

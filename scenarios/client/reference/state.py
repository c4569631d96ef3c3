"""The state of a reference: where it comes from, which entry is its newest, when it was last looked at. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wavetank.pipeline.components.references import ReferenceData, seconds_of
from wavetank.pipeline.reference.index import SECOND_US, Entry
from wavetank.scenarios.client.reference.choice import effect
from wavetank.scenarios.client.reference.words import time_of

SHOWN_OF_A_DIGEST = 12
NOBODY = "-"


@dataclass(frozen=True, slots=True)
class State:
    """A reference as it is configured and as it is published, at a time (`now`).

    reference: None for one that is published and in the folder no more. newest: None where nothing is published. rows:
    of the newest snapshot, None where it cannot be read. looked_at: None where nobody has looked.
    """

    name: str
    reference: ReferenceData | None
    newest: Entry | None
    entries: int
    rows: int | None
    looked_at: datetime | None
    now: datetime

    @property
    def source(self) -> str:
        """Where its rows come from, in words."""
        if self.reference is None:
            return "none: it is not in the folder"
        database = self.reference.database
        if database is None:
            return f"file {self.reference.file.name}" if self.reference.file else NOBODY
        return f"database {database.name}, {f'table {database.table}' if database.table else 'query'}"

    @property
    def owner(self) -> str:
        """The team to ask, as its file says."""
        settings = None if self.reference is None else self.reference.settings
        return NOBODY if settings is None or settings.owner is None else settings.owner

    @property
    def age_s(self) -> float | None:
        """Seconds since it was last looked at."""
        return None if self.looked_at is None else max(0.0, (self.now - self.looked_at).total_seconds())

    @property
    def stale_after_s(self) -> int | None:
        """So long nobody may have looked at it before it is stale; None for a file, which nobody looks at again."""
        if self.reference is None or self.reference.database is None or self.reference.settings is None:
            return None
        return seconds_of(self.reference.settings.stale_after)

    @property
    def is_stale(self) -> bool:
        """Whether nobody has looked at its database for longer than is set."""
        return self.stale_after_s is not None and (self.age_s is None or self.age_s > self.stale_after_s)

    def to_document(self) -> dict[str, Any]:
        """The state as JSON has it."""
        database = None if self.reference is None else self.reference.database
        file = None if self.reference is None or self.reference.file is None else self.reference.file.name
        return {
            "name": self.name,
            "file": file,
            "database": None if database is None else database.name,
            "owner": None if self.owner == NOBODY else self.owner,
            "entries": self.entries,
            "digest": None if self.newest is None else self.newest.digest,
            "from_us": None if self.newest is None else self.newest.from_us,
            "in_effect": self.newest is not None and self.newest.from_us <= self.now.timestamp() * SECOND_US,
            "rows": self.rows,
            "looked_at": None if self.looked_at is None else _to_seconds(self.looked_at),
            "age_s": self.age_s,
            "stale_after_s": self.stale_after_s,
            "stale": self.is_stale,
        }

    def cells(self) -> tuple[str, ...]:
        """The state in the cells of a table."""
        rows = NOBODY if self.rows is None else f"{self.rows:,}"
        return (self.name, self.source, self.owner, rows, *self._published(), self._look())

    def _published(self) -> tuple[str, str]:
        if self.newest is None:
            return NOBODY, "not published"
        return self.newest.digest[:SHOWN_OF_A_DIGEST], effect(self.newest, round(self.now.timestamp() * SECOND_US))

    def _look(self) -> str:
        if self.age_s is None:
            return "never, stale" if self.is_stale else NOBODY
        return f"{duration(self.age_s)} ago{', stale' if self.is_stale else ''}"


HEADINGS = ("reference", "source", "owner", "rows", "newest", "effect", "looked at")


def duration(seconds: float) -> str:
    """A duration in words: `40 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    if hours:
        return f"{hours} h {minutes_left} min"
    return f"{minutes} min" if minutes else f"{rest} s"


def _to_seconds(time: datetime) -> str:
    return time_of(round(time.timestamp()) * SECOND_US)

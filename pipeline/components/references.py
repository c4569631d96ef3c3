"""What can be set for a reference: `schemas/reference/<name>.toml`, read by people and by the deployment alone.

    owner = "ads-platform"
    key = ["campaign"]
    every = "2 minutes"

    [database]
    name = "ads"
    secret = "wavetank/ads"
    table = "campaigns"

    [columns]
    campaign = "string"
    advertiser = "string"
    budget = "decimal(12, 2)"

In the place of `[database]` a file of the project may stand: `[file]` with `path = "campaigns.csv"`. A file
`<name>.json` without a TOML file, `{"rows": {key: {column: value}}}`, is a reference whose one key is text.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from wavetank.pipeline.components.model import TAG_TEXT, Settings
from wavetank.pipeline.components.read import checked
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.reference import source
from wavetank.pipeline.reference.source import MIB, RUN_S, Source
from wavetank.pipeline.reference.table import Column, ColumnType, Table

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
DURATION = re.compile(r"(?P<count>[1-9]\d*) (?P<unit>second|minute|hour)s?")
MISS_PERCENT = 50
"""The share of look-ups that may find no row, where a reference does not say it."""
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
DAY_S = 24 * 3600


def seconds_of(text: str) -> int:
    """The seconds of `2 minutes`, `30 seconds`, `1 hour`. Raises ValueError naming the rule."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"a time is a number of seconds, minutes or hours, as '2 minutes', got {text!r}")
    return int(match["count"]) * SECONDS[match["unit"]]


def _time(text: str) -> str:
    seconds_of(text)
    return text


class DatabaseSource(Settings):
    """The database that a reference is read from: a function reads all references of one database together."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    secret: Annotated[
        str, Field(max_length=512, pattern=r"^[A-Za-z0-9/_+=.@-]+$", description="Name in Secrets Manager.")
    ]
    table: Annotated[str | None, Field(pattern=r"^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$")] = None
    query: Annotated[str | None, Field(min_length=1)] = None

    @model_validator(mode="after")
    def _reads_one(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("a reference is read from a table or by a query: give one of the two")
        return self


class FileSource(Settings):
    """The file of the project that a reference is read from: JSON, CSV or Parquet, beside its TOML file."""

    path: Annotated[str, Field(pattern=r"^[\w][\w.-]*\.(json|csv|parquet)$")]


class Limits(Settings):
    """What a dump may cost the database, and what may be published."""

    rows: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000_000
    mib: Annotated[int, Field(ge=1, le=2_048, description="Of the snapshot.")] = 256
    statement_timeout: str = "30 seconds"
    shrink_percent: Annotated[
        int, Field(ge=0, le=100, description="Share of the rows that may be gone from one dump to the next.")
    ] = 50

    @field_validator("statement_timeout")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        return _time(text)


class ReferenceFile(Settings):
    """A reference."""

    owner: Annotated[str | None, Field(max_length=128, pattern=f"^{TAG_TEXT}+$", description="The team to ask.")] = None
    key: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    columns: Mapping[str, str]
    every: str = "2 minutes"
    stale_after: Annotated[str, Field(description="Time without a dump after which an alarm rings.")] = "15 minutes"
    miss_percent: Annotated[int, Field(ge=1, le=100, description="Share of look-ups that may find no row.")] = (
        MISS_PERCENT
    )
    database: DatabaseSource | None = None
    file: FileSource | None = None
    limits: Limits = Limits()

    @field_validator("every", "stale_after")
    @classmethod
    def _is_a_time(cls, text: str) -> str:
        return _time(text)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.database is None) == (self.file is None):
            raise ValueError("a reference comes from a [database] or from a [file]: give one of the two")
        if seconds_of(self.every) % 60 or seconds_of(self.every) > DAY_S:
            raise ValueError("every is whole minutes, as schedules have them, and a day at most")
        if seconds_of(self.limits.statement_timeout) >= RUN_S:
            raise ValueError(f"limits.statement_timeout is less than the {RUN_S} s that a run of the dumper may take")
        if seconds_of(self.stale_after) < 2 * seconds_of(self.every):
            raise ValueError("stale_after is at least two times every, or an alarm rings for each late dump")
        return self


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """A reference of a project: its name, the file that it is configured in, its table, and its settings.

    table and settings are None for a JSON file without a TOML file, whose rows say what there is.
    """

    name: str
    path: Path
    table: Table | None = None
    settings: ReferenceFile | None = None

    @property
    def file(self) -> Path | None:
        """The file that its rows are in; None where they are in a database."""
        if self.settings is None:
            return self.path
        return None if self.settings.file is None else self.path.with_name(self.settings.file.path)

    @property
    def database(self) -> DatabaseSource | None:
        """The database that its rows are in; None where they are in a file."""
        return None if self.settings is None else self.settings.database

    @property
    def stale_after_s(self) -> int | None:
        """The age of its newest look at which an alarm rings; None where nobody looks at a database for it."""
        return None if self.database is None or self.settings is None else seconds_of(self.settings.stale_after)

    @property
    def owner(self) -> str | None:
        """The team to ask."""
        return None if self.settings is None else self.settings.owner

    @property
    def source(self) -> Source | None:
        """The source that a dumper reads it from; None where its rows are in a file."""
        if self.table is None or self.settings is None or (database := self.settings.database) is None:
            return None
        given = self.settings.limits
        limits = source.Limits(given.rows, given.mib * MIB, seconds_of(given.statement_timeout), given.shrink_percent)
        every_s = seconds_of(self.settings.every)
        return Source(self.name, self.table, database.table, database.query, every_s, limits)


@dataclass(frozen=True, slots=True)
class Database:
    """A database and the references that are read from it, by one function."""

    name: str
    secret: str
    references: tuple[ReferenceData, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources that its dumper reads."""
        return tuple(each.source for each in self.references if each.source is not None)


def read_references(folder: Path) -> tuple[ReferenceData, ...]:
    """The references that a folder configures, by name. Raises ConfigurationError naming file, key and rule."""
    return tuple(sorted(_references(folder), key=lambda reference: reference.name))


def databases_of(references: tuple[ReferenceData, ...]) -> tuple[Database, ...]:
    """The databases of references, by name. Raises ConfigurationError where one has two secrets."""
    by_name: dict[str, list[ReferenceData]] = {}
    for reference in references:
        if reference.database is not None:
            by_name.setdefault(reference.database.name, []).append(reference)
    databases = []
    for name, members in sorted(by_name.items()):
        secrets = {member.database.secret: member for member in members if member.database is not None}
        if len(secrets) > 1:
            where = " and ".join(f"{member.path} ({secret})" for secret, member in secrets.items())
            raise ConfigurationError(f"database {name} has two secrets: {where}; give one of them another name")
        databases.append(Database(name, next(iter(secrets)), tuple(members)))
    return tuple(databases)


def _references(folder: Path) -> Iterator[ReferenceData]:
    configured = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    files = set()
    for name, path in configured.items():
        if not NAME.fullmatch(name):
            raise ConfigurationError(
                f"{path}: a reference's name is lower-case letters, digits, _ and -, at most 32, from a letter"
            )
        try:
            settings = checked(ReferenceFile, tomllib.loads(path.read_text("utf-8")), str(path))
            columns = tuple(Column(column, ColumnType.parse(text)) for column, text in settings.columns.items())
            table = Table(columns, settings.key)
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigurationError(f"{path}: not TOML: {error}") from error
        except ConfigurationError as error:
            text = str(error)
            raise ConfigurationError(text if text.startswith(str(path)) else f"{path}: {text}") from error
        reference = ReferenceData(name, path, table, settings)
        if (file := reference.file) is not None:
            if not file.is_file():
                raise ConfigurationError(f"{path}: there is no file {file.name} beside it")
            files.add(file)
        yield reference
    for path in sorted(folder.glob("*.json")):
        if path not in files:
            if path.stem in configured:
                raise ConfigurationError(f"{path}: {path.stem}.toml configures another source; remove one of the two")
            yield ReferenceData(path.stem, path)

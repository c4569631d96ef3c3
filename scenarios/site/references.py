"""Reference data of a site in the words of the oracle: rows as files and drills have them, the index as published.

The index is read here as JSON, and by nothing of the pipeline's: entries of a time and a digest. What rows these are is
told by whoever published them, and not by reading snapshots, so that a wrong snapshot shows as well as a wrong index.
Where nobody tells, as of a database or of a stack that somebody works on, snapshots are read as the pipeline does.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wavetank.pipeline.components.reference_files import FileReferences
from wavetank.pipeline.components.references import ReferenceData
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.pipeline.topology import Topology
from wavetank.scenarios.oracle.references import (
    Edition,
    IndexEntry,
    Publication,
    ReferenceHistory,
    Rows,
    always,
    by_key,
    history_of,
)
from wavetank.scenarios.site.database.provided import seed_of
from wavetank.scenarios.site.database.server import DatabaseServer
from wavetank.scenarios.site.site import Site

KEY = "key"
"""The key column of a JSON file that no other file describes."""


def histories_of_files(planned: Topology) -> dict[str, ReferenceHistory]:
    """The references of a project as its files have them, published once."""
    return {reference.name: always(rows_of(reference) or {}) for reference in planned.references}


def histories_of_site(site: Site, published: Mapping[str, Sequence[Publication]]) -> dict[str, ReferenceHistory]:
    """The references of a site on which a drill published these rows in the place of what was deployed.

    What was deployed are the rows of a file, or else those of the first snapshot.
    """
    histories = {}
    for reference in site.topology.references:
        name, rows, index = reference.name, rows_of(reference), read_index(site, reference.name)
        if rows is None and index:
            rows = _snapshot(site, name, index[0])
        deployed = () if rows is None else (Publication(rows, 0, 0),)
        told = (*deployed, *published.get(name, ()))
        histories[name] = history_of(told, index) if told else always({})
    return histories


def histories_of_registry(site: Site) -> dict[str, ReferenceHistory]:
    """The references of a site as its registry has them, or its files where one is not published yet."""
    histories = {}
    for reference in site.topology.references:
        name = reference.name
        editions = tuple(Edition(entry.from_us, _snapshot(site, name, entry)) for entry in read_index(site, name))
        histories[name] = ReferenceHistory(editions) if editions else always(rows_of(reference) or {})
    return histories


def read_index(site: Site, name: str) -> tuple[IndexEntry, ...]:
    """The index of a reference as it lies in the registry; no entry where there is none, or half of one."""
    try:
        answer = site.s3.get_object(Bucket=site.registry_bucket, Key=index_key(name))
    except site.s3.exceptions.NoSuchKey:
        return ()
    try:
        entries = json.loads(answer["Body"].read())["entries"]
    except ValueError:
        return ()
    return tuple(IndexEntry(int(entry["from_us"]), str(entry["digest"])) for entry in entries)


def index_key(name: str) -> str:
    """The object with the index of a reference."""
    return f"reference/{name}/index.json"


def rows_of(reference: ReferenceData) -> Rows | None:
    """The rows of a reference in a file, or that its database begins with, every one with every column.

    A JSON file that no other file describes is read here; what has columns with types is read as the pipeline does.
    None where they are anywhere else.
    """
    if reference.file is None:
        seed = seed_of(reference)
        key = (KEY,) if reference.table is None else reference.table.key
        return rows_of_document(json.loads(seed.read_text("utf-8")), key) if seed.is_file() else None
    if reference.table is not None:
        snapshot = FileReferences((reference,)).as_of(reference.name, 0)[1]
        return by_key(snapshot.rows(), snapshot.table.key)
    return rows_of_document(json.loads(reference.file.read_text("utf-8")))


def rows_of_database(database: DatabaseServer, reference: ReferenceData) -> Rows:
    """The rows that a reference has in its database now. Raises ValueError where it is in no table of one."""
    if reference.table is None or reference.database is None or reference.database.table is None:
        raise ValueError(f"reference {reference.name} is in no table of a database")
    names = [column.name for column in reference.table.columns]
    rows = database.rows(f"SELECT {', '.join(names)} FROM {reference.database.table}")  # noqa: S608 - names of drills
    return by_key((dict(zip(names, row, strict=True)) for row in rows), reference.table.key)


def rows_of_document(document: Any, key: Sequence[str] = (KEY,)) -> Rows:
    """The rows in a document: a list of them, or `{"rows": {value of the key: row}}`."""
    if isinstance(document, Mapping):
        return by_key(({key[0]: value, **row} for value, row in document["rows"].items()), key)
    return by_key(document, key)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, of a time in milliseconds."""
    return round(moment.timestamp() * 1_000) * 1_000


def _snapshot(site: Site, name: str, entry: IndexEntry) -> Rows:
    answer = site.s3.get_object(Bucket=site.registry_bucket, Key=f"reference/{name}/snapshots/{entry.digest}")
    snapshot = Snapshot(answer["Body"].read())
    return by_key(snapshot.rows(), snapshot.table.key)

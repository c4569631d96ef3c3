"""Looks at everything at rest on a site, and tells it in the words of the oracle."""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from wavetank.pipeline import topology
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.client import quarantine
from wavetank.scenarios.client.at_rest import Layer, RestFile, UnreadableFileError
from wavetank.scenarios.client.frames import Heads, frames
from wavetank.scenarios.client.quarantine import DAMAGED_PART
from wavetank.scenarios.oracle.at_rest import AtRest, Enrichment, Model, Partition, Quarantined, Stored
from wavetank.scenarios.oracle.history import EVENT_ID, History
from wavetank.scenarios.oracle.ledger import Entry, draw_up, total
from wavetank.scenarios.site.site import Site

PROCESSED = "processed"
"""The role of the schemas that events are written with behind the processor."""


def model_of(site: Site, covered: frozenset[int] | None = None) -> Model:
    """The model of correct data at rest, by the schema folder that the pipeline was deployed from."""
    enrichments = {}
    for event in site.topology.events:
        path = site.schemas / event.name / "enrichment.json"
        if path.exists():
            rule = json.loads(path.read_text("utf-8"))
            reference = site.schemas / topology.REFERENCE_FOLDER / f"{rule['reference']}.json"
            rows = json.loads(reference.read_text("utf-8"))["rows"]
            enrichments[event.name] = Enrichment(rule["on"], tuple(rule["add"]), rows)
    return Model(topology.HASH_BUCKETS, enrichments, covered)


def observe(site: Site) -> AtRest:
    """The data of record, its Parquet twin and the quarantine; of the parts only the digests."""
    files = list(rest.files(site.s3, site.data_bucket))
    return AtRest(
        avro=_stored(file for file in files if file.at.layer is Layer.AVRO),
        parquet=_stored(file for file in files if file.at.layer is Layer.PARQUET),
        quarantine=tuple(
            Quarantined(record.event_type, record.reason, record.digest, source=record.key, event_id=event_id)
            for record in quarantine.all_records(site.s3, site.data_bucket)
            for event_id in _ids(site, record)
        ),
        digests={file.at.key: file.digest for file in files},
        part_digests=part_digests(site),
    )


def _ids(site: Site, record: quarantine.SetAside) -> list[str]:
    """The ids of the events in a record of quarantine: of a damaged part those that its chunk has for its partition."""
    chunk = rest.chunk_of_part(site.s3, site.data_bucket, record.source) if record.reason == DAMAGED_PART else None
    if chunk is None:
        return [record.event_id]
    at, model = rest.RestKey.parse(record.source), Model(topology.HASH_BUCKETS)
    where = Partition(at.event_type, at.date, at.hour, at.bucket)
    schemas = site.topology.event(record.event_type).schemas
    heads = Heads.of_files(schema.path for schema in schemas if schema.role == PROCESSED)
    data = site.s3.get_object(Bucket=site.data_bucket, Key=chunk)["Body"].read()
    found = [head for frame in frames(data) if (head := heads.read(frame)) is not None]
    return [head.event_id for head in found if model.partition_of(at.event_type, head.event_id, head.time_us) == where]


def observe_with(site: Site, history: History, model: Model) -> tuple[AtRest, dict[str, Entry]]:
    """The data at rest, and the ledger; parts and late ones are read only where something is missing without them."""
    at_rest = observe(site)
    entries = draw_up(history, at_rest, model)
    if total(entries).lost:
        parts, late = (
            _stored_as_far(rest.files(site.s3, site.data_bucket, (layer,))) for layer in (Layer.PARTS, Layer.LATE)
        )
        at_rest = replace(at_rest, parts=parts, late=late)
        entries = draw_up(history, at_rest, model)
    return at_rest, entries


def part_digests(site: Site) -> dict[str, str]:
    """Key → MD5 of every part file."""
    return rest.md5s(site.s3, site.data_bucket, f"{Layer.PARTS}/")


def _stored(files: Iterable[RestFile]) -> tuple[Stored, ...]:
    return tuple(
        Stored(str(record[EVENT_ID]), record, partition, file.at.key)
        for file in files
        for partition in (Partition(file.at.event_type, file.at.date, file.at.hour, file.at.bucket),)
        for record in file.records()
    )


def _stored_as_far(files: Iterable[RestFile]) -> tuple[Stored, ...]:
    """As `_stored`; of a file that is damaged at rest nothing, since its events are in no file then."""
    stored: list[Stored] = []
    for file in files:
        with suppress(UnreadableFileError):
            stored += _stored([file])
    return tuple(stored)

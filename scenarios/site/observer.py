"""Looks at everything at rest on a site, and tells it in the words of the oracle."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from wavetank.pipeline.topology import EventType, Topology
from wavetank.scenarios.client import at_rest as rest
from wavetank.scenarios.client import quarantine, streams
from wavetank.scenarios.client.aggregate import user_data
from wavetank.scenarios.client.at_rest import Layer, RestFile, UnreadableFileError
from wavetank.scenarios.client.frames import Head, Heads, frames
from wavetank.scenarios.client.quarantine import DAMAGED_PART
from wavetank.scenarios.client.wire import HEADER_BYTES, newest_schema
from wavetank.scenarios.oracle.at_rest import AtRest, Enrichment, Model, Partition, Quarantined, Stored
from wavetank.scenarios.oracle.avro import type_of
from wavetank.scenarios.oracle.history import EVENT_ID, History
from wavetank.scenarios.oracle.ledger import Entry, draw_up, total
from wavetank.scenarios.oracle.promises import HASH_BUCKETS
from wavetank.scenarios.oracle.references import AS_OF
from wavetank.scenarios.site.damage import BAD_FRAME
from wavetank.scenarios.site.own_code import codes, codes_of_component
from wavetank.scenarios.site.references import histories_of_files, histories_of_registry, micros
from wavetank.scenarios.site.site import CHUNKS, Site

PROCESSED = "processed"
"""The role of the schemas that events are written with behind the processor."""


def model_of(site: Site, covered: frozenset[int] | None = None, before: str = "") -> Model:
    """The model of correct data at rest, by the schema folder that the pipeline was deployed from.

    before: the component of the drills whose own code was deployed first, where it was mended on the way.
    """
    model = model_of_schemas(site.topology, site.schemas)
    own_before = codes_of_component(site.schemas, before)
    return replace(model, covered=covered, declared=site.declared, own_before=own_before)


def model_by_registry(site: Site) -> Model:
    """As `model_of`, with the reference data that the registry has, whoever published them."""
    return replace(model_of(site), references=histories_of_registry(site))


def model_of_schemas(planned: Topology, schemas: Path) -> Model:
    """The model of what becomes of an event by a schema folder: what it is enriched with, and own code."""
    enrichments, dated = dict[str, Enrichment](), set[str]()
    for event in planned.events:
        target = type_of(newest_schema(event.folder, PROCESSED).definition)
        types = {field["name"]: field["type"] for field in target["fields"]}
        if AS_OF in types:
            dated.add(event.name)
        path = schemas / event.name / "enrichment.json"
        if path.exists():
            rule = json.loads(path.read_text("utf-8"))
            on = (rule["on"],) if isinstance(rule["on"], str) else tuple(rule["on"])
            enrichments[event.name] = Enrichment(rule["reference"], on, add=tuple(rule["add"]), types=types)
    return Model(
        HASH_BUCKETS,
        enrichments,
        own=codes(planned),
        references=histories_of_files(planned),
        dated=frozenset(dated),
    )


def arrivals(site: Site, since: datetime) -> dict[str, tuple[int, ...]]:
    """By the SHA-256 (hex) of what producers sent, the times at which it arrived at the raw streams since then."""
    times: defaultdict[str, list[int]] = defaultdict(list)
    kinesis = site.stack.client("kinesis")
    for stream in (event.raw_stream for event in site.topology.events):
        for shard in streams.shards(kinesis, stream):
            for record in streams.records(kinesis, stream, shard["ShardId"], since):
                for data in user_data(record["Data"]):
                    times[hashlib.sha256(data).hexdigest()].append(micros(record["ApproximateArrivalTimestamp"]))
    return {payload: tuple(sorted(some)) for payload, some in times.items()}


def observe(site: Site, history: History | None = None) -> AtRest:
    """The data of record, its Parquet twin and the quarantine; of the parts only the digests.

    Damaged records that came back to back in a chunk are set aside as one range of bytes: with the history of what was
    sent they are told apart.
    """
    files = list(rest.files(site.s3, site.data_bucket))
    return AtRest(
        avro=_stored(file for file in files if file.at.layer is Layer.AVRO),
        parquet=_stored(file for file in files if file.at.layer is Layer.PARQUET),
        quarantine=tuple(_quarantined(site, history or History())),
        digests={file.at.key: file.digest for file in files},
        part_digests=part_digests(site),
    )


def _quarantined(site: Site, history: History) -> Iterator[Quarantined]:
    sent = {operation.payload for operation in history.operations}
    damaged: defaultdict[int, set[str]] = defaultdict(set)
    for operation in history.operations:
        if operation.flaw and operation.size:
            damaged[operation.size].add(operation.payload)
    heads: dict[str, list[tuple[int, int, Head]]] = {}
    for record in quarantine.all_records(site.s3, site.data_bucket):
        pieces = [record.digest]
        if record.digest not in sent:
            pieces = pieces_of(record.payload, damaged) or pieces
        ids = _ids_of_part(site, record) if record.reason == DAMAGED_PART else [record.event_id]
        if record.reason == BAD_FRAME and record.source.startswith(CHUNKS) and pieces == [record.digest]:
            ids = _ids_of_range(site, record, heads) or ids
        is_raw = record.stage not in quarantine.BEHIND_A_CHUNK and record.arrived != quarantine.EPOCH
        arrived_us = micros(record.arrived) if is_raw else None
        for digest in pieces:
            for event_id in ids:
                yield Quarantined(
                    record.event_type,
                    record.reason,
                    digest,
                    source=record.key,
                    event_id=event_id,
                    arrived_us=arrived_us,
                )


def pieces_of(data: bytes, known: Mapping[int, Collection[str]]) -> list[str]:
    """The SHA-256 digests (hex) of the payloads that `data` is made of, back to back; none where it is not.

    known: by their size in bytes, the digests of the payloads that it may be made of.
    """
    ways: dict[int, list[str]] = {0: []}
    reached = [0]
    for start in reached:
        for size, digests in known.items():
            end = start + size
            digest = hashlib.sha256(data[start:end]).hexdigest()
            if end <= len(data) and end not in ways and digest in digests:
                ways[end] = [*ways[start], digest]
                reached.append(end)
    return ways.get(len(data), [])


def _ids_of_range(site: Site, record: quarantine.SetAside, chunks: dict[str, list[tuple[int, int, Head]]]) -> list[str]:
    """The ids of the events that a chunk has now where its bytes were damaged; `chunks` keeps what was read."""
    if record.source not in chunks:
        chunks[record.source] = []
        with suppress(site.s3.exceptions.NoSuchKey):
            data = site.s3.get_object(Bucket=site.data_bucket, Key=record.source)["Body"].read()
            heads = heads_of(site.topology.event(record.event_type))
            for frame in frames(data):
                head = heads.read(frame)
                if head is not None:
                    chunks[record.source].append((frame.offset, frame.offset + HEADER_BYTES + len(frame.body), head))
    first = int(record.position)
    end = first + len(record.payload)
    return [head.event_id for begins, ends, head in chunks[record.source] if begins < end and first < ends]


def heads_of(event: EventType) -> Heads:
    """The reader of ids and times of an event type's processed records."""
    return Heads.of_files(schema.path for schema in event.schemas if schema.role == PROCESSED)


def _ids_of_part(site: Site, record: quarantine.SetAside) -> list[str]:
    """The ids of the events in a damaged part: those that its chunk has for its partition."""
    chunk = rest.chunk_of_part(site.s3, site.data_bucket, record.source)
    if chunk is None:
        return [record.event_id]
    at, model = rest.RestKey.parse(record.source), Model(HASH_BUCKETS, declared=site.declared)
    where = partition_of(at)
    heads = heads_of(site.topology.event(record.event_type))
    data = site.s3.get_object(Bucket=site.data_bucket, Key=chunk)["Body"].read()
    found = [head for frame in frames(data) if (head := heads.read(frame)) is not None]
    return [head.event_id for head in found if model.partition_of(at.event_type, head.event_id, head.time_us) == where]


def observe_with(site: Site, history: History, model: Model) -> tuple[AtRest, dict[str, Entry]]:
    """The data at rest, and the ledger; parts and late ones are read only where something is missing without them."""
    at_rest = observe(site, history)
    entries = draw_up(history, at_rest, model)
    if total(entries).lost:
        parts, late = (
            _stored_as_far(rest.files(site.s3, site.data_bucket, (layer,))) for layer in (Layer.PARTS, Layer.LATE)
        )
        at_rest = replace(at_rest, parts=parts, late=late)
        entries = draw_up(history, at_rest, model)
    return at_rest, entries


def observe_sent(site: Site, history: History, model: Model) -> AtRest:
    """As `observe`, of those files alone in which the events of a history may be: their partitions, and those in reach.

    Of an event that is not in its own partition, a copy that is none of the history's may be in an earlier one. Parts
    and late ones are read for what is in neither.
    """
    homes = {
        (operation.event_type, operation.event_id): model.partition_of(
            operation.event_type, operation.event_id, operation.event_time_us
        )
        for operation in history.operations
        if not operation.flaw
    }
    own = set(homes.values())
    avro = _in_partitions(site, Layer.AVRO, own)
    missing = homes.keys() - {(record.partition.event_type, record.event_id) for record in avro}
    earlier = {
        before
        for identity in missing
        for before in _in_reach(homes[identity], model.of(identity[0]).reach_hours)
        if before not in own
    }
    avro += _in_partitions(site, Layer.AVRO, earlier)
    quarantined = tuple(each for each in _quarantined(site, history) if each.event_type in history.event_types)
    missing = homes.keys() - {(record.partition.event_type, record.event_id) for record in avro}
    waiting = {homes[identity] for identity in missing}
    parts, late = (_in_partitions(site, layer, waiting) for layer in (Layer.PARTS, Layer.LATE))
    return AtRest(avro=avro, parts=parts, late=late, quarantine=quarantined)


def _in_reach(partition: Partition, hours: int) -> Iterator[Partition]:
    """The partitions of the same event type and bucket in so many hours before."""
    start = datetime.fromisoformat(f"{partition.date}T{partition.hour:02}:00")
    for back in range(1, hours + 1):
        hour = start - timedelta(hours=back)
        yield Partition(partition.event_type, hour.date().isoformat(), hour.hour, partition.bucket)


def _in_partitions(site: Site, layer: Layer, partitions: Collection[Partition]) -> tuple[Stored, ...]:
    """The records of a layer in some partitions, as far as they can be read; only their days are listed."""
    days = sorted({f"{layer}/event={where.event_type}/date={where.date}/" for where in partitions})
    keys = (key for day in days for key in rest.keys(site.s3, site.data_bucket, day))
    places = [at for at in map(rest.RestKey.parse, keys) if partition_of(at) in partitions]
    return _stored_as_far(rest.read_all(places, lambda at: rest.read(site.s3, site.data_bucket, at)))


def partition_of(at: rest.RestKey) -> Partition:
    """The partition that a file at rest claims."""
    return Partition(at.event_type, at.date, at.hour, at.bucket)


def part_digests(site: Site) -> dict[str, str]:
    """Key → MD5 of every part file."""
    return rest.md5s(site.s3, site.data_bucket, f"{Layer.PARTS}/")


def arrived_parts(site: Site) -> frozenset[str]:
    """The keys of all parts, of those that came late as if they were where they came to."""
    late = rest.md5s(site.s3, site.data_bucket, f"{Layer.LATE}/")
    return frozenset([*part_digests(site), *(f"{Layer.PARTS}/{key.partition('/')[2]}" for key in late)])


def _stored(files: Iterable[RestFile]) -> tuple[Stored, ...]:
    return tuple(
        Stored(str(record[EVENT_ID]), record, partition, file.at.key)
        for file in files
        for partition in (partition_of(file.at),)
        for record in file.records()
    )


def _stored_as_far(files: Iterable[RestFile]) -> tuple[Stored, ...]:
    """As `_stored`; of a file that is damaged at rest nothing, since its events are in no file then."""
    stored: list[Stored] = []
    for file in files:
        with suppress(UnreadableFileError):
            stored += _stored([file])
    return tuple(stored)

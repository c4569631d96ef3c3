"""Parts are damaged at rest, or hold what cannot be merged, before their partitions are merged."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import Any

import fastavro

from wavetank.scenarios.spec.nemeses.functions import start_cold
from wavetank.scenarios.spec.nemesis import Nemesis, Portion, Scene, SendPlan

SYNC_BYTES = 16
EVERY = 2
"""One part in so many is struck."""
CUT_BYTES = 40

Record = dict[str, Any]


@dataclass(frozen=True)
class PartsDamaged(Nemesis):
    """Parts of the victim are damaged where they lie, by turns, when all portions but the last are partitioned.

    One has a letter changed in a record, such that it is a sound file but for its checksum; one loses its last bytes.
    """

    id: str = "parts-damaged"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if portion.is_last:
            for number, (key, data) in enumerate(_parts(scene, every=1)):
                damaged = data[:-CUT_BYTES] if number % 2 else _with_another_letter(data)
                scene.site.s3.put_object(Bucket=scene.site.data_bucket, Key=key, Body=damaged)
                scene.struck[self.id] += 1
        yield from plans


@dataclass(frozen=True)
class RecordsUnmergeable(Nemesis):
    """Parts beside those of the victim hold copies of their records, half of which the newest schema cannot read.

    They are in a schema whose map may have nulls, as the newest one's may not; those copies have one.
    """

    id: str = "records-unmergeable"

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if portion.is_last:
            scene.struck[self.id] += _copies(scene, _with_nulls, spoil=_with_a_null)
        yield from plans


@dataclass(frozen=True)
class SchemaUnmergeable(Nemesis):
    """Past all checks a processed version of the victim is published that nothing at rest can have; parts are in it.

    It has a record without fields. Every function starts anew, so that it reads it. The parts hold copies of others'
    records. The version goes with every stranger when the registry is restored.
    """

    id: str = "schema-unmergeable"

    def begin(self, scene: Scene) -> None:
        newest = max((file for file in scene.event.schemas if file.role == "processed"), key=lambda file: file.version)
        text = json.dumps(_with_nothing(json.loads(newest.path.read_text("utf-8"))))
        scene.publish(scene.site.next_key(scene.victim, "processed"), text.encode())
        scene.struck[self.id] += start_cold(scene)

    def sends(self, portion: Portion, plans: Iterable[SendPlan], scene: Scene) -> Iterator[SendPlan]:
        if portion.is_last:
            scene.struck[self.id] += _copies(scene, _with_nothing, spoil=_with_an_empty_record)
        yield from plans


def _with_another_letter(data: bytes) -> bytes:
    """A part with another campaign, of the same length, in a record; some record has one."""
    reader = fastavro.reader(BytesIO(data))
    schema: Any = reader.writer_schema
    records = [dict(record) for record in reader if isinstance(record, dict)]
    spoilt = next(record for record in records if record["campaign"])
    spoilt["campaign"] = spoilt["campaign"].swapcase()
    own = {name: value for name, value in reader.metadata.items() if not name.startswith("avro.")}
    out = BytesIO()
    fastavro.writer(out, schema, records, codec="null", metadata=own, sync_marker=data[-SYNC_BYTES:])
    return out.getvalue()


def _parts(scene: Scene, every: int = EVERY) -> Iterator[tuple[str, bytes]]:
    """Every so manieth part of the victim there is, by its key, with its bytes."""
    pages = scene.site.s3.get_paginator("list_objects_v2").paginate(
        Bucket=scene.site.data_bucket, Prefix=f"parts/event={scene.victim}/"
    )
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    for key in keys[::every]:
        yield key, scene.site.s3.get_object(Bucket=scene.site.data_bucket, Key=key)["Body"].read()


def _copies(scene: Scene, changed: Callable[[Mapping[str, Any]], Record], spoil: Callable[[Record], Record]) -> int:
    """Put a part with copies of the records of each, every second of them spoilt, in another schema; how many were."""
    spoilt = 0
    for key, data in _parts(scene):
        reader = fastavro.reader(BytesIO(data))
        schema: Any = reader.writer_schema
        definition = {name: value for name, value in dict(schema).items() if not name.startswith("__")}
        records = [dict(record) for record in reader if isinstance(record, dict)]
        bad = [spoil(record) for record in records[::EVERY]]
        out = BytesIO()
        fastavro.writer(out, changed(definition), [*records, *bad], codec="null", sync_marker=data[-SYNC_BYTES:])
        name = f"{sha256(f'{key} copied'.encode()).hexdigest()[:32]}.avro"
        scene.site.s3.put_object(
            Bucket=scene.site.data_bucket, Key=f"{key.rpartition('/')[0]}/{name}", Body=out.getvalue()
        )
        spoilt += len(bad)
    return spoilt


def _with_nulls(definition: Mapping[str, Any]) -> Record:
    """The schema with a map whose values may be null."""
    changed = copy.deepcopy(dict(definition))
    for field in changed["fields"]:
        if isinstance(field["type"], dict) and field["type"]["type"] == "map":
            field["type"]["values"] = ["null", "string"]
    return changed


def _with_a_null(record: Record) -> Record:
    maps = {name: {"why": None} for name, value in record.items() if isinstance(value, dict)}
    return record | maps


def _with_nothing(definition: Mapping[str, Any]) -> Record:
    """The schema with a record that has no fields."""
    nothing = {"type": "record", "name": "Nothing", "fields": []}
    return {**definition, "fields": [*definition["fields"], {"name": "nothing", "type": nothing, "default": {}}]}


def _with_an_empty_record(record: Record) -> Record:
    return record | {"nothing": {}}

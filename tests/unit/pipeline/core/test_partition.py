"""A chunk becomes one file for each partition, always the same; bad bytes cost only themselves."""

import json

import pytest

from tests.unit.pipeline.examples import HOUR_US, NOON_US, PING, PING_V2, event, events_in, framed, schema
from tests.unit.pipeline.schemas.test_registry import Folder
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.route import route
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.records import Reason
from wavetank.pipeline.schemas.registry import Registry

SCORE = {"name": "score", "type": ["null", "int"], "default": None}
SCHEMAS = {PING.fingerprint: PING, PING_V2.fingerprint: PING_V2}
EVENTS = [event(number, time_us=NOON_US + number % 3 * HOUR_US) for number in range(60)]
CHUNK = b"".join(map(framed, EVENTS))
WHOLE = Scanned.of(CHUNK)


def test_each_event_is_in_the_partition_of_its_id_and_time_and_in_no_other() -> None:
    parts = partition(WHOLE, {PING.fingerprint: PING}, 4).parts
    partitions = {stored.id: where for where, part in parts.items() for stored in events_in(part.data)}
    assert partitions == {
        fields["event_id"]: route("ping", fields["event_id"], fields["event_time"], 4) for fields in EVENTS
    }


def test_the_same_chunk_gives_the_same_files() -> None:
    assert partition(WHOLE, {PING.fingerprint: PING}, 4) == partition(WHOLE, {PING.fingerprint: PING}, 4)


def test_a_version_published_later_changes_nothing_about_a_chunk() -> None:
    before = partition(WHOLE, {PING.fingerprint: PING}, 4)
    objects = {schema.key: json.dumps(schema.definition).encode() for schema in (PING, PING_V2)}
    registry = Registry(Folder(objects), "ping")
    after = partition(WHOLE, registry.resolve(Role.PROCESSED, WHOLE.fingerprints), 4)
    assert after == before


def test_a_chunk_of_unknown_schemas_is_all_bad() -> None:
    result = partition(WHOLE, {}, 4)
    assert not result.parts
    assert {bad.rejection.reason for bad in result.bad} == {Reason.UNKNOWN_SCHEMA}


def test_versions_land_together_under_the_newest() -> None:
    newer = framed({**event(2), "score": 7}, PING_V2)
    (part,) = partition(Scanned.of(framed(event(1)) + newer), SCHEMAS, 1).parts.values()
    assert [stored.fields["score"] for stored in events_in(part.data, PING_V2)] == [None, 7]


def test_bad_bytes_unknown_schemas_and_undecodable_bodies_are_kept_and_the_rest_lands() -> None:
    from wavetank.pipeline.core import frame

    alien = frame.encode(bytes(16), b"?")
    broken = frame.encode(PING.fingerprint, encode(event(5), PING)[:-3])
    chunk = framed(event(1)) + b"noise" + alien + broken + framed(event(2))
    result = partition(Scanned.of(chunk), {PING.fingerprint: PING}, 1)
    assert [(bad.payload, bad.rejection.reason) for bad in result.bad] == [
        (b"noise", Reason.BAD_FRAME),
        (alien, Reason.UNKNOWN_SCHEMA),
        (broken, Reason.UNDECODABLE),
    ]
    (part,) = result.parts.values()
    assert [stored.id for stored in events_in(part.data)] == ["id-1", "id-2"]


def test_the_schemas_a_chunk_needs_are_those_of_its_sound_frames() -> None:
    chunk = CHUNK + framed({**event(1), "score": None}, PING_V2) + b"noise"
    assert Scanned.of(chunk).fingerprints == set(SCHEMAS)


def test_a_part_says_how_many_events_are_in_it() -> None:
    parts = partition(WHOLE, {PING.fingerprint: PING}, 4).parts
    assert {where: part.events for where, part in parts.items()} == {
        where: len(events_in(part.data)) for where, part in parts.items()
    }


def test_a_record_that_is_not_read_in_bulk_lands_all_the_same() -> None:
    many = schema({"name": "tags", "type": {"type": "array", "items": "string"}})
    fields = [{**event(number), "tags": ["x"] * (300 * number)} for number in range(3)]
    chunk = Scanned.of(b"".join(framed(record, many) for record in fields))
    (part,) = partition(chunk, {many.fingerprint: many}, 1).parts.values()
    assert [stored.fields for stored in events_in(part.data, many)] == fields


def test_an_event_without_an_id_or_out_of_time_is_bad_and_its_neighbours_land() -> None:
    nameless, timeless = {**event(1), "event_id": ""}, event(2, time_us=2**62)
    chunk = Scanned.of(b"".join(map(framed, (event(0), nameless, timeless, event(3)))))
    result = partition(chunk, {PING.fingerprint: PING}, 1)
    assert [bad.rejection.reason for bad in result.bad] == [Reason.MISSING_ID, Reason.INVALID_TIME]
    (part,) = result.parts.values()
    assert [stored.id for stored in events_in(part.data)] == ["id-0", "id-3"]


PRICE = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}


def test_values_that_do_not_fit_are_bad_and_their_neighbours_land() -> None:
    priced = schema(PRICE)
    values = [b"\1", (1_234_567).to_bytes(3), b"\2"]
    chunk = b"".join(framed({**event(at), "price": value}, priced) for at, value in enumerate(values))
    result = partition(Scanned.of(chunk), {priced.fingerprint: priced}, 1)
    assert [(bad.rejection.reason, bad.rejection.event_id) for bad in result.bad] == [(Reason.DOES_NOT_FIT, "id-1")]
    (part,) = result.parts.values()
    assert [stored.fields["price"] for stored in events_in(part.data, priced)] == [b"\1", b"\2"]


def test_records_of_an_older_version_have_to_fit_the_newest() -> None:
    older, newer = schema({**PRICE, "type": "bytes"}), schema({**PRICE}, SCORE, version=2)
    chunk = framed({**event(1), "price": (1_234_567).to_bytes(3)}, older) + framed(
        {**event(2), "price": b"\2", "score": 1}, newer
    )
    result = partition(Scanned.of(chunk), {made.fingerprint: made for made in (older, newer)}, 1)
    assert [bad.rejection.reason for bad in result.bad] == [Reason.DOES_NOT_FIT]
    assert [part.events for part in result.parts.values()] == [1]


@pytest.mark.parametrize("alone", [True, False])
def test_records_in_a_schema_that_cannot_be_at_rest_are_bad_also_where_it_is_the_newest(alone: bool) -> None:
    either = schema({"name": "x", "type": ["int", "string"]}, version=2)
    chunk = framed({**event(1), "x": 1}, either) + (b"" if alone else framed(event(2)))
    result = partition(Scanned.of(chunk), {made.fingerprint: made for made in (PING, either)}, 1)
    assert [bad.rejection.reason for bad in result.bad] == [Reason.DOES_NOT_FIT]
    stored = [event.id for part in result.parts.values() for event in events_in(part.data)]
    assert stored == ([] if alone else ["id-2"])

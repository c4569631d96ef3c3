"""A chunk becomes one file for each partition, always the same; bad bytes cost only themselves."""

import json

from pipeline.core import container
from pipeline.core.decode import encode
from pipeline.core.partition import fingerprints, partition
from pipeline.core.route import route
from pipeline.core.schema import Role
from pipeline.records import Reason
from pipeline.registry import Registry
from tests.unit.pipeline.examples import HOUR_US, NOON_US, PING, PING_V2, event, framed
from tests.unit.pipeline.test_registry import Folder

SCHEMAS = {PING.fingerprint: PING, PING_V2.fingerprint: PING_V2}
EVENTS = [event(number, time_us=NOON_US + number % 3 * HOUR_US) for number in range(60)]
CHUNK = b"".join(map(framed, EVENTS))


def test_each_event_is_in_the_partition_of_its_id_and_time_and_in_no_other() -> None:
    parts = partition(CHUNK, {PING.fingerprint: PING}, 4).parts
    found = {stored.event.id: where for where, part in parts.items() for stored in container.read(part, PING)}
    assert found == {each["event_id"]: route("ping", each["event_id"], each["event_time"], 4) for each in EVENTS}


def test_the_same_chunk_gives_the_same_files() -> None:
    assert partition(CHUNK, {PING.fingerprint: PING}, 4) == partition(CHUNK, {PING.fingerprint: PING}, 4)


def test_a_version_published_later_changes_nothing_about_a_chunk() -> None:
    before = partition(CHUNK, {PING.fingerprint: PING}, 4)
    objects = {schema.key: json.dumps(schema.definition).encode() for schema in (PING, PING_V2)}
    registry = Registry(Folder(objects), "ping")
    after = partition(CHUNK, registry.resolve(Role.PROCESSED, fingerprints(CHUNK)), 4)
    assert after == before


def test_a_chunk_of_unknown_schemas_is_all_bad() -> None:
    result = partition(CHUNK, {}, 4)
    assert not result.parts
    assert {bad.rejection.reason for bad in result.bad} == {Reason.UNKNOWN_SCHEMA}


def test_versions_land_together_under_the_newest() -> None:
    newer = framed({**event(2), "score": 7}, PING_V2)
    (part,) = partition(framed(event(1)) + newer, SCHEMAS, 1).parts.values()
    assert [stored.event.fields["score"] for stored in container.read(part, PING_V2)] == [None, 7]


def test_bad_bytes_unknown_schemas_and_undecodable_bodies_are_kept_and_the_rest_lands() -> None:
    from pipeline.core import frame

    alien = frame.encode(bytes(16), b"?")
    broken = frame.encode(PING.fingerprint, encode(event(5), PING)[:-3])
    result = partition(framed(event(1)) + b"noise" + alien + broken + framed(event(2)), {PING.fingerprint: PING}, 1)
    assert [(bad.payload, bad.rejection.reason) for bad in result.bad] == [
        (b"noise", Reason.BAD_FRAME),
        (alien, Reason.UNKNOWN_SCHEMA),
        (broken, Reason.UNDECODABLE),
    ]
    (part,) = result.parts.values()
    assert [stored.event.id for stored in container.read(part, PING)] == ["id-1", "id-2"]


def test_the_schemas_a_chunk_needs_are_those_of_its_sound_frames() -> None:
    assert fingerprints(CHUNK + framed({**event(1), "score": None}, PING_V2) + b"noise") == set(SCHEMAS)

"""A world is named the same in every run, whatever its chunks are called, and can do with less."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wavetank.pipeline import topology
from wavetank.pipeline.topology import EventType
from wavetank.scenarios.exploration.races.world import (
    CHUNKS,
    GIVEN_UP,
    LATE,
    MERGED,
    NEW,
    OPTIONAL,
    UNMERGED,
    StoredObject,
    World,
    chunk_key,
    chunks,
    drawn,
)
from wavetank.scenarios.exploration.sweep.paths import HOURS, START
from wavetank.scenarios.oracle.at_rest import HOUR_US

SEED = 1
KEYS = (
    "avro/event=click/date=2019-11-24/hour=23/bucket=00/events.avro",
    "ids/event=click/date=2019-11-24/hour=23/bucket=00/ids",
    "late/event=click/date=2019-11-24/hour=23/bucket=00/x.avro",
    "parts/event=click/date=2019-11-24/hour=23/bucket=00/x.avro",
    "quarantine/event=click/reason=bad-frame/date=2019-11-25/x.avro",
)


@pytest.fixture
def event(root: Path) -> EventType:
    return topology.load(root / "schemas").event("click")


def world(event: EventType, hour: int = 7) -> World:
    keys = {number: chunk_key(event, number, datetime(2026, 1, 2, hour, tzinfo=UTC)) for number in range(1, CHUNKS + 1)}
    objects = tuple(StoredObject(key, b"", {}, "") for key in (*KEYS, *keys.values()))
    return World(event, objects, tasks=(), chunks=keys, document="", raw=(), merge_times=(), ids=frozenset({"e"}))


def test_a_chunk_and_its_parts_are_named_by_its_number_whenever_the_world_was_made(event: EventType) -> None:
    for hour in (7, 8):
        made = world(event, hour)
        digest = hashlib.sha256(made.chunks[2].encode()).hexdigest()[:32]
        assert made.named(made.chunks[2]) == "chunk 2"
        assert made.named(f"parts/event=click/{digest}.avro") == "parts/event=click/of chunk 2.avro"


def test_each_optional_thing_can_be_left_out_and_the_rest_stays(event: EventType) -> None:
    made = world(event)
    for left_out in OPTIONAL:
        kept = {made.named(stored.key) for stored in made.only(OPTIONAL.keys() - {left_out}).objects}
        gone = {made.named(stored.key) for stored in made.objects} - kept
        assert gone
        assert all(name.startswith(OPTIONAL[left_out]) for name in gone)
    assert made.only(OPTIONAL).objects == made.objects


def test_the_events_are_of_one_bucket_and_each_chunk_has_some_of_both_hours(event: EventType) -> None:
    events = drawn("click", SEED)
    assert len(events) > CHUNKS * GIVEN_UP
    hours = {event.time_us // HOUR_US for event in events}
    first = int(START.timestamp()) // 3600
    assert hours == set(range(first, first + HOURS))
    made = list(chunks(world(event), events))
    assert [stored.key for stored in made] == [world(event).chunks[n] for n in (MERGED, LATE, UNMERGED, NEW)]
    assert all(stored.body for stored in made)

"""What is at rest is a function of the set of events: by hours, order, repetition, retention and who merges."""

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.e2e.commands import wavetank
from tests.effort import much
from wavetank.pipeline import layout
from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.plan import Task
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.core import frame
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.files import avro_file
from wavetank.pipeline.core.route import digest_of, route
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.handlers.concatenator import concatenate
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME
from wavetank.scenarios.oracle.promises import HASH_BUCKETS, LOOK_BACK_HOURS
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

pytestmark = pytest.mark.stack

START = datetime(2021, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOON = START.replace(hour=12, minute=30)
ROUNDS = much(40, 200)
VERSIONS = 25
CLICKS = [event for event in synthetic(300, 9, START, hours=1) if event.event_type == "click"]


def put(site: Site, events: Sequence[WorkloadEvent]) -> None:
    """Put events and wait until their parts are written."""
    with Sender(site.stack.client("kinesis")) as sender:
        Producer(sender, site.routes).put(events)
    site.settle()


def at(event: WorkloadEvent, moment: datetime) -> WorkloadEvent:
    """A copy of the event with another time."""
    return WorkloadEvent(event.event_type, {**event.record, EVENT_TIME: int(moment.timestamp() * 1_000_000)})


def landed(site: Site, layer: Layer = Layer.AVRO) -> list[tuple[str, int]]:
    """The ids at rest with the hours that they are in, sorted."""
    files = at_rest.files(site.s3, site.data_bucket, (layer,), "click")
    return sorted((str(record[EVENT_ID]), file.at.hour) for file in files for record in file.records())


def late(site: Site) -> list[str]:
    return list(at_rest.keys(site.s3, site.data_bucket, "late/"))


@pytest.mark.parametrize("order", [1, -1])
def test_copies_of_one_id_in_several_hours_are_at_rest_once_in_the_earliest(site: Site, order: int) -> None:
    copies = [at(event, START + hours * HOUR) for event in CLICKS[:10] for hours in (0, 3, 7)]
    put(site, copies[::order])
    site.tick(Scheduled.PLANNER, NOON)
    expected = sorted((event.event_id, START.hour) for event in CLICKS[:10])
    assert landed(site) == landed(site, Layer.PARQUET) == expected


def test_a_chunk_is_partitioned_by_its_key_whatever_characters_that_has(site: Site) -> None:
    put(site, CLICKS[:10])
    (chunk,) = at_rest.keys(site.s3, site.data_bucket, "chunks/click/")
    keys = [f"chunks/click/{name}" for name in ("a b+c", "100%2B", "é=日本/~*'(1)", "//")]
    for key in keys:
        source = {"Bucket": site.data_bucket, "Key": chunk}
        site.s3.copy_object(Bucket=site.data_bucket, Key=key, CopySource=source, TaggingDirective="REPLACE")
    site.settle()
    tags = {key: site.s3.get_object_tagging(Bucket=site.data_bucket, Key=key)["TagSet"] for key in [chunk, *keys]}
    assert {tag["Key"] for tag in tags[chunk]} == {"wavetank-partitioned"}
    assert [key for key in keys if tags[key] != tags[chunk]] == []


def test_an_earlier_copy_that_comes_after_the_merge_takes_the_others_place_in_one_tick(site: Site) -> None:
    put(site, [at(event, START + 4 * HOUR) for event in CLICKS])
    site.tick(Scheduled.PLANNER, NOON)
    assert {hour for _, hour in landed(site)} == {START.hour + 4}
    put(site, [at(event, START) for event in CLICKS[:5]])
    site.tick(Scheduled.PLANNER, NOON)
    moved = {event.event_id for event in CLICKS[:5]}
    assert landed(site) == sorted(
        (event.event_id, START.hour if event.event_id in moved else START.hour + 4) for event in CLICKS
    )


def test_copies_further_apart_than_the_look_back_are_two_events(site: Site) -> None:
    far = START + (LOOK_BACK_HOURS + 1) * HOUR
    put(site, [at(CLICKS[0], START), at(CLICKS[0], far)])
    for moment in (NOON, far + HOUR / 2):
        site.tick(Scheduled.PLANNER, moment)
    assert len(landed(site)) == 2


def test_unchanged_inputs_mean_no_write_and_no_message(site: Site) -> None:
    put(site, CLICKS)
    first = site.tick(Scheduled.PLANNER, NOON)
    written = {item["Key"]: item["LastModified"] for item in objects(site, "avro/")}
    second = site.tick(Scheduled.PLANNER, NOON)
    assert first["planned"] > 0 == second["planned"]
    assert {item["Key"]: item["LastModified"] for item in objects(site, "avro/")} == written


def objects(site: Site, prefix: str) -> list[dict[str, Any]]:
    return list(site.s3.list_objects_v2(Bucket=site.data_bucket, Prefix=prefix).get("Contents", []))


def test_what_comes_when_its_hour_has_left_the_look_back_waits_under_late_until_a_back_fill(site: Site) -> None:
    put(site, [at(event, START) for event in CLICKS[:20]])
    site.tick(Scheduled.PLANNER, NOON)
    before = landed(site)
    put(site, [at(event, START) for event in CLICKS[20:]])
    answer = site.tick(Scheduled.PLANNER, NOON + timedelta(hours=12))
    assert answer["late"] == len(CLICKS) - 20
    assert len(late(site)) == answer["late_parts"] > 0
    assert landed(site) == before
    asked = ("concatenate", "--from", "2021-03-04", "--to", "2021-03-05", "--json")
    assert json.loads(wavetank(site.stack.endpoint_url, *asked).stdout)["late"] == 0
    done = json.loads(wavetank(site.stack.endpoint_url, *asked, "--backfill").stdout)
    assert done["late"] == len(CLICKS) - 20
    assert late(site) == []
    assert landed(site) == sorted((event.event_id, START.hour) for event in CLICKS)
    assert site.tick(Scheduled.PLANNER, NOON + timedelta(hours=24))["late"] == 0


def test_an_event_of_the_future_is_set_aside_with_its_reason_and_lands_once_its_time_has_come(site: Site) -> None:
    ahead = site.now() + 2 * HOUR
    put(site, [at(CLICKS[0], ahead), at(CLICKS[1], START)])
    assert {record.reason for record in quarantine.all_records(site.s3, site.data_bucket)} == {"future-time"}
    site.tick(Scheduled.PLANNER, NOON)
    assert [name for name, _ in landed(site)] == [CLICKS[1].event_id]
    site.stack.control.advance_clock(2 * 3600)
    wavetank(site.stack.endpoint_url, "redrive")
    site.settle()
    site.tick(Scheduled.PLANNER, ahead + HOUR)
    assert sorted(name for name, _ in landed(site)) == sorted(event.event_id for event in CLICKS[:2])


def test_parts_that_expired_after_they_were_merged_are_not_missed(site: Site) -> None:
    put(site, CLICKS[:20])
    site.tick(Scheduled.PLANNER, NOON)
    for part in objects(site, "parts/"):
        tags = site.s3.get_object_tagging(Bucket=site.data_bucket, Key=part["Key"])["TagSet"]
        assert tags == [{"Key": "wavetank-merged", "Value": "true"}]
        site.s3.delete_object(Bucket=site.data_bucket, Key=part["Key"])
    put(site, CLICKS[20:])
    site.tick(Scheduled.PLANNER, NOON)
    assert [name for name, _ in landed(site)] == sorted(event.event_id for event in CLICKS)


def chunk_of(events: Sequence[WorkloadEvent], schema: Schema) -> bytes:
    """The bytes that Firehose would deliver of some processed events."""
    empty: dict[str, Any] = {field.name: None for field in schema.avro.fields} | {"attributes": {}}
    bodies = (encode({**empty, **event.record}, schema) for event in events)
    return b"".join(frame.encode(schema.fingerprint, body) for body in bodies)


def test_any_order_split_and_repetition_of_chunks_gives_the_same_bytes(in_process: Site) -> None:
    site, schema, digests = in_process, newest("click"), set()
    for case in range(20):
        rng = Random(case)
        events = CLICKS + rng.sample(CLICKS, rng.randrange(10))
        rng.shuffle(events)
        edges = [0, *sorted(rng.sample(range(1, len(events)), case % 4)), len(events)]
        for number, (first, end) in enumerate(pairwise(edges)):
            key = f"chunks/click/2021/03/04/05/{case}-{number}"
            site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=chunk_of(events[first:end], schema))
        site.settle()
        site.tick(Scheduled.PLANNER, NOON)
        digests.add(tuple(sorted(at_rest.digests(site.s3, site.data_bucket).items())))
        site.empty()
    assert len(digests) == 1


def part_of(event: WorkloadEvent, schema: Schema) -> bytes:
    """A part file with one event."""
    empty: dict[str, Any] = {field.name: None for field in schema.avro.fields} | {"attributes": {}}
    body = encode({**empty, **event.record}, schema)
    return avro_file.part(schema, [body], [digest_of(event.event_id.encode())])


def test_two_concatenators_at_once_lose_no_input_and_tear_no_state(in_process: Site) -> None:
    site, schema, rng = in_process, newest("click"), Random(1)
    where = route("click", CLICKS[0].event_id, int(START.timestamp() * 1_000_000), HASH_BUCKETS)
    task, keys = Task(where, {}), [f"{layout.parts_prefix(where)}{number:032x}.avro" for number in range(ROUNDS)]
    events = [WorkloadEvent("click", {**CLICKS[0].record, EVENT_ID: f"round-{number}"}) for number in range(ROUNDS)]
    with ThreadPoolExecutor(3) as pool:
        for number, (key, event) in enumerate(zip(keys, events, strict=True)):
            gate = threading.Barrier(3)

            def add(gate: threading.Barrier, pause: float, key: str, event: WorkloadEvent) -> None:
                gate.wait()
                threading.Event().wait(pause)
                site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=part_of(event, schema))

            def merge(gate: threading.Barrier, pause: float) -> None:
                gate.wait()
                threading.Event().wait(pause)
                concatenate(site.data_bucket, task, schema)

            adding = pool.submit(add, gate, rng.random() * 0.02, key, event)
            for done in [adding, *(pool.submit(merge, gate, rng.random() * 0.02) for _ in range(2))]:
                done.result()
            if number % 4 == 3:
                concatenate(site.data_bucket, task, schema)
                for merged in keys[:number]:
                    site.s3.delete_object(Bucket=site.data_bucket, Key=merged)
    concatenate(site.data_bucket, task, schema)
    assert not concatenate(site.data_bucket, task, schema)
    states = [calls.head(site.data_bucket, key(where)) for key in (layout.avro_key, layout.parquet_key)]
    assert len({state.metadata["inputs"] for state in states if state}) == 1
    for layer in (Layer.AVRO, Layer.PARQUET):
        assert {name for name, _ in landed(site, layer)} == {event.event_id for event in events}


def test_readers_see_the_old_or_the_new_version_while_it_is_replaced(in_process: Site) -> None:
    site, schema, over = in_process, newest("click"), threading.Event()
    where = route("click", CLICKS[0].event_id, int(START.timestamp() * 1_000_000), HASH_BUCKETS)
    keys = (layout.avro_key(where), layout.parquet_key(where))
    seen: dict[str, set[int]] = {key: set() for key in keys}

    def grow(number: int) -> None:
        event = WorkloadEvent("click", {**CLICKS[0].record, EVENT_ID: f"version-{number}"})
        key = f"{layout.parts_prefix(where)}{number:032x}.avro"
        site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=part_of(event, schema))
        assert concatenate(site.data_bucket, Task(where, {}), schema)

    def read() -> None:
        while not over.is_set():
            for key in keys:
                data = site.s3.get_object(Bucket=site.data_bucket, Key=key)["Body"].read()
                seen[key].add(len(at_rest.RestFile(at_rest.RestKey.parse(key), data).records()))

    grow(0)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for number in range(1, VERSIONS):
            grow(number)
        over.set()
        reading.result()
    for sizes in seen.values():
        assert sizes <= set(range(1, VERSIONS + 1))
        assert len(sizes) > 1

"""What cannot be merged costs itself alone: it is set aside, the rest lands, and no other partition waits for it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from tests.e2e.commands import wavetank
from tests.effort import much
from wavetank.pipeline import layout, topology
from wavetank.pipeline.aws import calls
from wavetank.pipeline.aws.plan import Task, plan
from wavetank.pipeline.aws.schemas import newest
from wavetank.pipeline.core import frame
from wavetank.pipeline.core.bulk.values import Bodies
from wavetank.pipeline.core.decode import encode
from wavetank.pipeline.core.files import avro_file, columns, parquet
from wavetank.pipeline.core.files.id_index import IdIndex
from wavetank.pipeline.core.route import digest_of
from wavetank.pipeline.core.schema import Role, Schema, parse
from wavetank.pipeline.handlers.backfill import backfill
from wavetank.pipeline.handlers.concatenator import concatenate
from wavetank.pipeline.layout import HOUR, MERGED_TAG, Partition
from wavetank.pipeline.names import NAMES
from wavetank.scenarios.client import at_rest, quarantine
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.oracle.history import EVENT_ID
from wavetank.scenarios.oracle.promises import LOOK_BACK_HOURS
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.hours import Scheduled

pytestmark = pytest.mark.stack

WHERE = Partition("click", "2021-03-04", 5, 0)
LATER = Partition("click", "2021-03-04", 6, 0)
NOON = datetime(2021, 3, 4, 12, 30, tzinfo=UTC)
CASES = much(6, 60)
POISON = "poison"


@pytest.fixture
def schema(in_process: Site) -> Schema:
    return newest("click")


@pytest.fixture(autouse=True)
def _poisonous(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer of columns fails for some records in a way that nobody thought of."""
    whole = columns.table

    def table(bodies: Bodies, target: Schema) -> pa.Table:
        if any(POISON.encode() in body for body in bodies.all()):
            raise pa.ArrowInvalid("nobody thought of this")
        return whole(bodies, target)

    monkeypatch.setattr(parquet, "table", table)


def fields_of(event_id: str, schema: Schema, where: Partition = WHERE, campaign: str | None = None) -> dict[str, Any]:
    empty: dict[str, Any] = {field.name: None for field in schema.avro.fields} | {"attributes": {}}
    time_us = int(where.start.timestamp() * 1_000_000)
    return empty | {"event_id": event_id, "event_time": time_us, "campaign": campaign}


def part_of(ids: Mapping[str, str | None], schema: Schema, where: Partition = WHERE) -> bytes:
    """A part of events by id, with the campaign of each."""
    bodies = [encode(fields_of(event_id, schema, where, campaign), schema) for event_id, campaign in ids.items()]
    return avro_file.part(schema, bodies, [digest_of(event_id.encode()) for event_id in ids])


def key_of(number: int, where: Partition = WHERE) -> str:
    return layout.part_key(where, f"chunks/click/{number}")


def put(site: Site, key: str, data: bytes) -> None:
    site.s3.put_object(Bucket=site.data_bucket, Key=key, Body=data)


def landed(site: Site, layer: Layer = Layer.AVRO) -> list[tuple[str, int]]:
    files = at_rest.files(site.s3, site.data_bucket, (layer,), "click")
    return sorted((str(record[EVENT_ID]), file.at.hour) for file in files for record in file.records())


def set_aside(site: Site) -> list[quarantine.SetAside]:
    return list(quarantine.all_records(site.s3, site.data_bucket))


def digests(site: Site) -> dict[str, str]:
    """All that is at rest and in quarantine."""
    found = dict(at_rest.digests(site.s3, site.data_bucket))
    for prefix in ("quarantine/", "ids/"):
        for key in at_rest.keys(site.s3, site.data_bucket, prefix):
            found[key] = sha256(site.s3.get_object(Bucket=site.data_bucket, Key=key)["Body"].read()).hexdigest()
    return found


def test_records_and_parts_that_cannot_be_merged_are_set_aside_and_the_rest_lands(
    in_process: Site, schema: Schema
) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": None, "b": POISON, "c": None}, schema))
    damaged = part_of({"d": None}, schema)[:-7]
    put(site, key_of(2), damaged)
    put(site, key_of(3), part_of({"e": None}, schema))
    assert concatenate(site.data_bucket, Task(WHERE, {}), schema)
    assert landed(site) == landed(site, Layer.PARQUET) == [("a", 5), ("c", 5), ("e", 5)]
    records = {record.reason: record for record in set_aside(site)}
    assert set(records) == {"unmergeable", "damaged-part"}
    record, part = records["unmergeable"], records["damaged-part"]
    assert (record.stage, record.source, record.position, record.event_id) == ("merge", key_of(1), "1", "b")
    body = encode(fields_of("b", schema, campaign=POISON), schema)
    assert record.payload == frame.encode(schema.fingerprint, body)
    assert (part.stage, part.source, part.event_id, part.payload) == ("merge", key_of(2), "", damaged)
    tagged = [
        number
        for number in (1, 2, 3)
        if MERGED_TAG in site.s3.get_object_tagging(Bucket=site.data_bucket, Key=key_of(number))["TagSet"]
    ]
    assert tagged == [3]
    before = digests(site)
    assert not concatenate(site.data_bucket, Task(WHERE, {}), schema)
    assert digests(site) == before
    assert plan(site.data_bucket, "click", [WHERE.start], LOOK_BACK_HOURS).tasks == []


def test_values_that_their_columns_cannot_take_keep_no_other_event_from_landing(in_process: Site) -> None:
    site = in_process
    document = newest("click").definition
    price = {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}
    priced = parse(json.dumps({**document, "fields": [*document["fields"], price]}), "click", Role.PROCESSED, 2)
    values = {f"event-{number}": b"\x00\x12\xd6\x87" if number < 3 else b"\x01" for number in range(23)}
    bodies = [encode({**fields_of(name, priced), "price": value}, priced) for name, value in values.items()]
    put(site, key_of(1), avro_file.part(priced, bodies, [digest_of(name.encode()) for name in values]))
    assert concatenate(site.data_bucket, Task(WHERE, {}), priced)
    assert len(landed(site)) == len(landed(site, Layer.PARQUET)) == 20
    assert {(record.reason, record.event_id) for record in set_aside(site)} == {
        ("does-not-fit", f"event-{number}") for number in range(3)
    }
    assert concatenate(site.data_bucket, Task(WHERE, {}), newest("click"))
    assert len(landed(site)) == 23, "what was left out is tried again with another newest schema"


def test_what_is_at_rest_and_set_aside_is_a_function_of_the_set_of_parts(in_process: Site, schema: Schema) -> None:
    site = in_process
    results = set()
    parts = {
        number: part_of({f"{name}-{number}": POISON if name == "b" and number % 2 else None for name in "abc"}, schema)
        for number in range(5)
    }
    parts[5] = part_of({"shared": None, "a-1": None}, schema)
    parts[6] = b"Obj\x01 and no more"
    parts[7] = parts[0][:-30]
    for case in range(CASES):
        rng = Random(case)
        order = rng.sample(sorted(parts), len(parts))
        for number in order:
            put(site, key_of(number), parts[number])
            if rng.random() < 0.3:
                concatenate(site.data_bucket, Task(WHERE, {}), schema)
        concatenate(site.data_bucket, Task(WHERE, {}), schema)
        concatenate(site.data_bucket, Task(WHERE, {}), schema)
        results.add(tuple(sorted((key, md5) for key, md5 in digests(site).items() if "quarantine" not in key)))
        assert sorted((record.source, record.position) for record in _once(set_aside(site))) == sorted(
            [(key_of(1), "1"), (key_of(3), "1")] + [(key_of(number), etag(parts[number])) for number in (6, 7)]
        )
        site.empty()
    assert len(results) == 1


def etag(data: bytes) -> str:
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _once(records: Sequence[quarantine.SetAside]) -> list[quarantine.SetAside]:
    keys = [record.key for record in records]
    assert len(keys) == len(set(keys)), "every object of quarantine was written once"
    return list(records)


def test_an_event_left_out_of_an_hour_is_no_reason_to_drop_a_good_copy_of_a_later_one(
    in_process: Site, schema: Schema
) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": POISON, "b": None}, schema))
    put(site, key_of(2, LATER), part_of({"a": None, "b": None, "c": None}, schema, LATER))
    put(site, key_of(3), b"damaged")
    before = plan(site.data_bucket, "click", [WHERE.start, LATER.start], LOOK_BACK_HOURS).tasks
    assert [task.partition for task in before] == [WHERE, LATER]
    concatenate(site.data_bucket, before[1], schema)
    concatenate(site.data_bucket, before[0], schema)
    for task in plan(site.data_bucket, "click", [WHERE.start, LATER.start], LOOK_BACK_HOURS).tasks:
        concatenate(site.data_bucket, task, schema)
    assert landed(site) == [("a", 6), ("b", 5), ("c", 6)]
    assert plan(site.data_bucket, "click", [WHERE.start, LATER.start], LOOK_BACK_HOURS).tasks == []


def test_a_part_that_is_damaged_after_its_merge_loses_nothing_that_is_at_rest(in_process: Site, schema: Schema) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": None}, schema))
    concatenate(site.data_bucket, Task(WHERE, {}), schema)
    put(site, key_of(1), b"damaged")
    put(site, key_of(2), part_of({"b": None}, schema))
    concatenate(site.data_bucket, Task(WHERE, {}), schema)
    assert landed(site) == landed(site, Layer.PARQUET) == [("a", 5), ("b", 5)]
    assert [record.reason for record in set_aside(site)] == ["damaged-part"]
    index = IdIndex.unpack(calls.get_object(site.data_bucket, layout.ids_key(WHERE)))
    assert len(index.digests) == 2


def test_an_object_set_aside_again_keeps_the_tags_that_say_it_was_re_driven(in_process: Site, schema: Schema) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": POISON, "b": None}, schema))
    concatenate(site.data_bucket, Task(WHERE, {}), schema)
    (record,) = set_aside(site)
    tags = {"TagSet": [{"Key": quarantine.REDRIVEN_TAG, "Value": "now"}]}
    site.s3.put_object_tagging(Bucket=site.data_bucket, Key=record.key, Tagging=tags)
    for lost in (layout.ids_key(WHERE), layout.parquet_key(WHERE)):
        site.s3.delete_object(Bucket=site.data_bucket, Key=lost)
    concatenate(site.data_bucket, Task(WHERE, {}), schema)
    (again,) = set_aside(site)
    assert again == record
    assert site.s3.get_object_tagging(Bucket=site.data_bucket, Key=record.key)["TagSet"] == tags["TagSet"]


def test_an_outage_sets_nothing_aside(in_process: Site, schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": POISON}, schema))

    def refuse(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "GetObject")

    monkeypatch.setattr(calls, "fetch", refuse)
    with pytest.raises(ClientError):
        concatenate(site.data_bucket, Task(WHERE, {}), schema)
    assert set_aside(site) == []
    assert landed(site) == []


def test_a_schema_without_columns_sets_every_record_of_its_partition_aside(in_process: Site, schema: Schema) -> None:
    site = in_process
    nothing = {"name": "nothing", "type": {"type": "record", "name": "Nothing", "fields": []}, "default": {}}
    document = {**schema.definition, "fields": [*schema.definition["fields"], nothing]}
    unlandable = parse(json.dumps(document), "click", Role.PROCESSED, 1)
    put(site, key_of(1), part_of({"a": None, "b": None}, schema))
    assert concatenate(site.data_bucket, Task(WHERE, {}), unlandable)
    assert not concatenate(site.data_bucket, Task(WHERE, {}), unlandable)
    assert [(record.reason, record.event_id) for record in set_aside(site)] == [
        ("does-not-fit", "a"),
        ("does-not-fit", "b"),
    ]
    assert landed(site) == []
    assert concatenate(site.data_bucket, Task(WHERE, {}), schema)
    assert landed(site) == [("a", 5), ("b", 5)]


def test_a_back_fill_goes_on_past_a_partition_that_fails_and_says_so(
    in_process: Site, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = in_process
    put(site, key_of(1), part_of({"a": None}, schema))
    put(site, key_of(2, LATER), part_of({"b": None}, schema, LATER))
    replace = calls.replace

    def refuse(bucket: str, key: str, *arguments: Any, **options: Any) -> bool:
        if WHERE.path in key:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")
        return replace(bucket, key, *arguments, **options)

    monkeypatch.setattr(calls, "replace", refuse)
    lines = [line for line in backfill(site.data_bucket, (None, None), (), with_late=False) if "partition" in line]
    assert [line["partition"] for line in lines] == [WHERE.path, LATER.path]
    assert "AccessDenied" in lines[0]["error"]
    assert lines[1]["written"]
    assert landed(site) == [("b", 6)]


def test_nothing_is_moved_to_late_while_merges_are_among_the_dead_letters(site: Site) -> None:
    put(site, key_of(1), part_of({"a": None}, parse_click()))
    sqs = site.stack.client("sqs")
    queue = sqs.get_queue_url(QueueName=NAMES.dead_merges)["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody=Task(WHERE, {}).message())
    try:
        answer = site.tick(Scheduled.PLANNER, NOON + 12 * HOUR)
        assert (answer["dead"], answer["late_parts"]) == (1, 0)
        command = wavetank(site.stack.endpoint_url, "tick", "--json")
        assert command.exit_code == 1
        assert [row["partition"] for row in json.loads(command.stdout)["dead"]] == [WHERE.path]
        done = wavetank(site.stack.endpoint_url, "concatenate", "--from", "2021-03-04T05", "--to", "2021-03-04T06")
        assert done.exit_code == 0, done.stderr
        assert "1 dead letter" in done.stdout
    finally:
        sqs.purge_queue(QueueUrl=queue)
    put(site, key_of(2), part_of({"b": None}, parse_click()))
    answer = site.tick(Scheduled.PLANNER, NOON + 12 * HOUR)
    assert (answer["dead"], answer["late_parts"]) == (0, 1)


def test_a_damaged_part_whose_chunk_is_gone_stays_in_quarantine_with_the_way_out(
    in_process: Site, schema: Schema
) -> None:
    put(in_process, key_of(1), part_of({"a": None}, schema)[:-7])
    assert concatenate(in_process.data_bucket, Task(WHERE, {}), schema)
    done = wavetank(in_process.stack.endpoint_url, "redrive", "--reason", "damaged-part")
    assert done.exit_code == 1
    assert "click damaged-part: 0 of 1 sent again" in done.stdout
    assert f"the chunk of {key_of(1)} is gone: send its events again from where they came from" in done.stdout
    assert [record.reason for record in set_aside(in_process)] == ["damaged-part"]
    tick = wavetank(in_process.stack.endpoint_url, "tick", "--json", "--only", "planner")
    assert tick.document["set_aside"] == []
    assert tick.exit_code == 0


def parse_click() -> Schema:
    event = topology.load(_schemas()).event("click")
    newest = max((file for file in event.schemas if file.role == Role.PROCESSED), key=lambda file: file.version)
    return parse(newest.path.read_bytes(), "click", Role.PROCESSED, newest.version)


def _schemas() -> Any:
    from wavetank.emulator.stack.home import schemas_folder

    return schemas_folder()

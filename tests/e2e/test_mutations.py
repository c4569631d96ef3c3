"""What makes the pipeline exactly-once at rest, each property by itself: take one away and its test fails."""

import json
from datetime import UTC, datetime

import pytest

from wavetank.pipeline.names import NAMES
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.client.producer import Producer, Sender
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.site.site import REPLAY_AFTER, Site
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.workload.synthetic import WorkloadEvent, synthetic

pytestmark = pytest.mark.stack

START = datetime(2019, 11, 24, 12, tzinfo=UTC)
TICK = datetime(2019, 11, 24, 20, 30, tzinfo=UTC)
EVENTS = synthetic(40, 3, START, hours=2)
DROP = {"id": "never-told", "point": "s3.notification", "action": "drop"}
REFUSE_WRITES = {
    "id": "refuse-writes",
    "point": "aws.call",
    "action": "error-before",
    "parameters": {"status": 403, "code": "AccessDenied", "message": "Access Denied"},
}
DONE_TAG = "wavetank-partitioned"


def put(site: Site, events: list[WorkloadEvent]) -> None:
    """Put events and wait until all that follows from it has happened."""
    with Sender(site.stack.client("kinesis")) as sender:
        receipts = Producer(sender, site.routes).put(events)
    assert {receipt.outcome for receipt in receipts} == {Outcome.OK}
    site.settle()


def put_without_notifications(site: Site, events: list[WorkloadEvent]) -> list[str]:
    """Put events whose chunks nobody is told of; the keys of the chunks."""
    site.stack.control.add_fault(DROP)
    put(site, events)
    site.stack.control.clear_faults()
    return list(at_rest.keys(site.s3, site.data_bucket, "chunks/"))


def partition(site: Site, key: str) -> bool:
    """Hand one chunk to the partitioner as its notification would; whether it succeeded."""
    record = {"s3": {"bucket": {"name": site.data_bucket}, "object": {"key": key}}}
    answer = site.stack.client("lambda").invoke(
        FunctionName=NAMES.partitioner, Payload=json.dumps({"Records": [record]}).encode()
    )
    return "FunctionError" not in answer


def is_done(site: Site, key: str) -> bool:
    tags = site.s3.get_object_tagging(Bucket=site.data_bucket, Key=key)["TagSet"]
    return any(tag["Key"] == DONE_TAG for tag in tags)


def landed(site: Site, layer: Layer = Layer.AVRO) -> list[str]:
    """The ids at rest, each as often as it is there, sorted."""
    files = at_rest.files(site.s3, site.data_bucket, (layer,))
    return sorted(str(record["event_id"]) for file in files for record in file.records())


IDS = sorted(event.event_id for event in EVENTS)


def test_an_event_that_is_in_two_chunks_is_at_rest_once(site: Site) -> None:
    put(site, EVENTS)
    put(site, EVENTS[:20])
    assert len(landed(site, Layer.PARTS)) == 60
    site.tick(Scheduled.PLANNER, TICK)
    assert landed(site) == landed(site, Layer.PARQUET) == IDS


def test_a_chunk_that_is_partitioned_again_leaves_the_same_keys_and_bytes(site: Site) -> None:
    chunks = put_without_notifications(site, EVENTS)
    assert all(partition(site, chunk) for chunk in chunks)
    once = at_rest.digests(site.s3, site.data_bucket, (Layer.PARTS,))
    assert all(partition(site, chunk) for chunk in chunks)
    assert at_rest.digests(site.s3, site.data_bucket, (Layer.PARTS,)) == once
    assert len(once) > len(chunks) > 1


def test_a_chunk_is_marked_done_only_when_its_parts_are_written(site: Site) -> None:
    chunk = put_without_notifications(site, EVENTS)[0]
    refused = {"service": "s3", "operation": "PutObject", "resource": site.data_bucket}
    site.stack.control.add_fault({**REFUSE_WRITES, "match": refused})
    assert not partition(site, chunk)
    assert not is_done(site, chunk)
    site.stack.control.clear_faults()
    assert partition(site, chunk)
    assert is_done(site, chunk)


def test_a_chunk_whose_mark_could_not_be_set_is_done_again_to_the_same_parts(site: Site) -> None:
    chunk = put_without_notifications(site, EVENTS)[0]
    refused = {"service": "s3", "operation": "PutObjectTagging", "resource": site.data_bucket}
    site.stack.control.add_fault({**REFUSE_WRITES, "match": refused})
    assert not partition(site, chunk)
    once = at_rest.digests(site.s3, site.data_bucket, (Layer.PARTS,))
    site.stack.control.clear_faults()
    assert partition(site, chunk)
    assert at_rest.digests(site.s3, site.data_bucket, (Layer.PARTS,)) == once != {}


def test_chunks_that_nobody_was_told_of_land_when_the_replayer_has_run_and_not_before(site: Site) -> None:
    put_without_notifications(site, EVENTS)
    site.tick(Scheduled.PLANNER, TICK)
    assert landed(site) == []
    site.tick(Scheduled.REPLAYER, site.now() + REPLAY_AFTER)
    site.settle()
    site.tick(Scheduled.PLANNER, TICK)
    assert landed(site) == IDS


def test_the_replayer_leaves_chunks_that_are_done_alone(site: Site) -> None:
    put(site, EVENTS)
    answer = site.tick(Scheduled.REPLAYER, site.now() + REPLAY_AFTER)
    assert answer["replayed"] == 0
    assert answer["seen"] > 0


def test_files_merged_bit_by_bit_are_those_merged_at_once(site: Site) -> None:
    for portion in (EVENTS[::2], EVENTS[1::2], EVENTS[:20]):
        put(site, portion)
        site.tick(Scheduled.PLANNER, TICK)
    bit_by_bit = at_rest.digests(site.s3, site.data_bucket)
    site.empty()
    put(site, list(reversed(EVENTS)))
    site.tick(Scheduled.PLANNER, TICK)
    assert at_rest.digests(site.s3, site.data_bucket) == bit_by_bit != {}


def test_of_two_contents_under_one_id_the_earlier_is_at_rest_whichever_came_first(site: Site) -> None:
    click = next(event for event in EVENTS if event.event_type == "click")
    time_us = int(str(click.record["event_time"]))
    early = WorkloadEvent("click", {**click.record, "event_time": time_us, "campaign": "men"})
    late = WorkloadEvent("click", {**click.record, "event_time": time_us + 1, "campaign": "women"})
    for order in ([early, late], [late, early]):
        site.empty()
        put(site, order)
        site.tick(Scheduled.PLANNER, TICK)
        files = at_rest.files(site.s3, site.data_bucket)
        assert [record["campaign"] for file in files for record in file.records()] == ["men", "men"]

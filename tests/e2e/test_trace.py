"""`wavetank trace`: one event, hop by hop, on a real pipeline."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from tests.e2e.commands import Ran, wavetank
from tests.e2e.log_lines import invocation, put_lines
from wavetank.pipeline.core.route import route
from wavetank.pipeline.names import log_group
from wavetank.scenarios.client.batches import Message
from wavetank.scenarios.client.producer import Sender
from wavetank.scenarios.client.wire import encode_frame
from wavetank.scenarios.site.site import Site

pytestmark = pytest.mark.stack

START_US = int(datetime(2019, 11, 24, 12, tzinfo=UTC).timestamp()) * 1_000_000
HOUR_US = 3_600_000_000
PLACES = ["raw stream", "processed stream", "chunk", "part", "merged"]
LANDED = ["raw stream", "processor", "processed stream", "chunk", "partitioner", "part", "concatenator", "merged"]


def frame(site: Site, event_id: str, time_us: int = START_US, campaign: str = "c") -> bytes:
    event = {"event_id": event_id, "event_time": time_us, "campaign": campaign, "attributes": {}}
    return encode_frame(site.routes["click"].schema, event)


def send(site: Site, event_id: str, *frames: bytes) -> None:
    """Put records on the raw stream of clicks, one after another, and wait for what becomes of them."""
    with Sender(site.stack.client("kinesis")) as sender:
        for data in frames:
            sender.send([Message(site.topology.event("click").raw_stream, event_id, data)])
    site.settle()


def merge(site: Site) -> None:
    assert wavetank(site.stack.endpoint_url, "tick").exit_code == 0


def run(site: Site, *arguments: str) -> Ran:
    return wavetank(site.stack.endpoint_url, *arguments)


def traced(site: Site, event_id: str) -> dict[str, Any]:
    """The one trace of a click."""
    [trace] = run(site, "trace", event_id, "--event-type", "click", "--json").document
    return dict(trace)


def hops(trace: dict[str, Any]) -> list[str]:
    return [step["hop"] for step in trace["steps"]]


def step(trace: dict[str, Any], hop: str) -> dict[str, Any]:
    [only] = [step for step in trace["steps"] if step["hop"] == hop]
    return dict(only)


@pytest.fixture
def event_id() -> str:
    return f"traced-{uuid.uuid4()}"


def test_an_event_is_followed_to_its_merged_file(site: Site, event_id: str) -> None:
    send(site, event_id, frame(site, event_id))
    merge(site)
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)) == ("landed", LANDED)
    assert all(step["at"] for step in trace["steps"])
    assert step(trace, "part")["note"] == "merged"
    assert step(trace, "merged")["place"].startswith("avro/event=click/date=2019-11-24/hour=12/")
    enriched = {each["hop"]: each["enriched_as_of"] for each in trace["steps"] if each["enriched_as_of"] is not None}
    assert set(enriched) == {"processed stream", "part", "merged"}
    assert len(set(enriched.values())) == 1
    assert trace["untold"] == []


def forget_lines(site: Site, *functions: str) -> None:
    """Delete all that functions have logged so far."""
    logs = site.stack.client("logs")
    for group in map(log_group, functions):
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
            for stream in page["logStreams"]:
                logs.delete_log_stream(logGroupName=group, logStreamName=stream["logStreamName"])


def worked_on(site: Site, function: str, holds: Callable[[dict[str, Any]], bool]) -> list[str]:
    """The requests of a function that ended with a line about such work, the last one last."""
    ran = run(site, "logs", "--function", function, "--json", "--since", "1h")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    return [each["request_id"] for each in lines if each["message"] == "invocation" and holds(each["line"])]


def test_the_functions_that_handled_it_are_known_by_their_lines(site: Site, event_id: str) -> None:
    """Neither the batch, the chunk nor the merge before it, of the same shard and partition, is taken for its own."""
    names, time_us, buckets = site.names, START_US + 3 * HOUR_US, site.topology.event("click").component.hash_buckets
    forget_lines(site, names.processor("click"), names.partitioner, names.concatenator)
    own, others = route("click", event_id, time_us, buckets), (f"other-{uuid.uuid4()}" for _ in count())
    before = next(other for other in others if route("click", other, time_us, buckets) == own)
    send(site, event_id, frame(site, before, time_us))
    merge(site)
    send(site, event_id, frame(site, event_id, time_us))
    merge(site)
    trace = traced(site, event_id)
    assert (hops(trace), trace["untold"]) == (LANDED, [])
    sequence = int(step(trace, "raw stream")["position"].split()[1])
    chunk = step(trace, "chunk")["place"]
    partition = step(trace, "merged")["place"].removeprefix("avro/").rpartition("/")[0]
    requests = [
        *worked_on(
            site,
            names.processor("click"),
            lambda line: int(line["first_sequence"]) <= sequence <= int(line["last_sequence"]),
        ),
        *worked_on(site, names.partitioner, lambda line: line["chunk"] == chunk),
        *worked_on(site, names.concatenator, lambda line: line["partition"] == partition)[-1:],
    ]
    assert [step["request"] for step in trace["steps"] if step["request"]] == requests
    assert step(trace, "processor")["note"] == "received 1, processed 1, quarantined 0, dropped 0"
    lines = run(site, "logs", "--event-id", event_id, "--json").stdout.splitlines()
    assert {json.loads(line)["request_id"] for line in lines} == set(requests)
    other = traced(site, before)
    assert step(other, "merged")["place"] == step(trace, "merged")["place"]
    assert not {step(other, hop)["request"] for hop in ("processor", "partitioner")} & set(requests)


def test_what_no_line_tells_is_said_to_be_untold(site: Site, event_id: str) -> None:
    send(site, event_id, frame(site, event_id))
    merge(site)
    forget_lines(site, site.names.processor("click"), site.names.partitioner, site.names.concatenator)
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)) == ("landed", PLACES)
    assert {sentence.split(":")[0] for sentence in trace["untold"]} == {"processor", "partitioner", "concatenator"}


def test_every_copy_is_found_and_the_one_that_was_left_out_is_told(site: Site, event_id: str) -> None:
    send(site, event_id, *[frame(site, event_id)] * 2, frame(site, event_id, START_US + HOUR_US))
    merge(site)
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace).count("raw stream"), hops(trace).count("merged")) == ("landed", 3, 1)
    notes = {step["place"].split("/hour=")[1][:2]: step["note"] for step in trace["steps"] if step["hop"] == "part"}
    assert notes["12"] == "merged"
    assert notes["13"].startswith("left out: a copy of the one in event=click/date=2019-11-24/hour=12/")


def test_an_event_that_was_set_aside_is_found_in_quarantine(site: Site, event_id: str) -> None:
    future_us = int(datetime.now(UTC).timestamp() + 7 * 86_400) * 1_000_000
    send(site, event_id, frame(site, event_id, future_us))
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)) == ("quarantined", ["raw stream", "processor", "quarantine"])
    assert step(trace, "quarantine")["note"].startswith("future-time: ")
    assert trace["remedy"] == "wavetank redrive --event click --reason future-time"


def test_a_damaged_record_is_found_by_the_bytes_of_its_id(site: Site, event_id: str) -> None:
    send(site, event_id, frame(site, event_id)[:-1] + b"\xff")
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)) == ("quarantined", ["raw stream", "processor", "quarantine"])
    assert "do not decode" in step(trace, "raw stream")["note"] or "bad-frame" in step(trace, "quarantine")["note"]


def test_an_event_whose_notification_was_dropped_ends_at_its_chunk(site: Site, event_id: str) -> None:
    with site.stack.faults.drop("s3.notification", match={"key": "chunks/click/*"}):
        send(site, event_id, frame(site, event_id))
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)[-1]) == ("under way", "chunk")
    assert "no tag" in step(trace, "chunk")["note"]
    assert "the notification was lost" in trace["reason"]
    assert trace["remedy"] == "wavetank tick --only replayer"
    merge(site)
    assert traced(site, event_id)["fate"] == "landed"


def test_a_part_that_waits_for_its_merge_is_under_way(site: Site, event_id: str) -> None:
    send(site, event_id, frame(site, event_id))
    trace = traced(site, event_id)
    assert (trace["fate"], hops(trace)[-1]) == ("under way", "part")
    assert trace["remedy"] == "wavetank tick --from 2019-11-24T12:00 --to 2019-11-24T13:00"
    assert run(site, *trace["remedy"].split()[1:]).exit_code == 0
    assert traced(site, event_id)["fate"] == "landed"


def test_an_event_that_its_batch_dropped_is_dropped(site: Site, event_id: str) -> None:
    """The line is put by hand, on a pipeline whose processor was off: what drops events is a team's own code."""
    lambdas, event = site.stack.client("lambda"), site.topology.event("click")
    [mapping] = lambdas.list_event_source_mappings(FunctionName=event.processor)["EventSourceMappings"]
    lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    site.settle()
    try:
        send(site, event_id, frame(site, event_id))
        trace = traced(site, event_id)
        assert (trace["fate"], hops(trace)) == ("under way", ["raw stream"])
        request, [first] = str(uuid.uuid4()), list(trace["steps"])
        sequence, shard = first["position"].split()[1], first["place"].split()[1]
        span = {"shard": shard, "first_sequence": "0", "last_sequence": str(int(sequence) + 1)}
        counts = {"received": 5, "processed": 4, "quarantined": 0, "dropped": 1}
        why = {"level": "INFO", "message": "dropped", "requestId": request, "event_type": "click", "reason": "test"}
        put_lines(
            site.stack,
            event.processor,
            invocation(event.processor, "click", request, **span, **counts),
            json.dumps(why | {"records": 1}),
        )
        trace = traced(site, event_id)
        assert (trace["fate"], hops(trace)) == ("dropped", ["raw stream", "processor", "dropped"])
        assert trace["reason"].endswith(": test")
    finally:
        lambdas.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        site.settle()


def test_an_id_that_nobody_sent_is_seen_nowhere(site: Site, event_id: str) -> None:
    ran = run(site, "trace", event_id, "--json")
    assert ran.exit_code == 3
    assert {trace["fate"] for trace in ran.document} == {"not seen"}
    assert "records of wavetank-click-raw" in ran.stderr
    with pytest.raises(Exception, match="no event type 'nothing'"):
        run(site, "trace", event_id, "--event-type", "nothing")


def test_a_trace_is_told_in_words(site: Site) -> None:
    event_id = f"traced-{uuid.uuid4()}\x1b[31m"
    send(site, "key", frame(site, event_id))
    ran = run(site, "trace", event_id)
    assert ran.exit_code == 0
    assert ran.stdout.startswith(f"click {event_id[:-5]}\\u001b[31m: under way\n")
    assert "try: wavetank tick --from 2019-11-24T12:00" in ran.stdout

"""Each function writes the lines that its metrics are taken from, with real counts; one that fails, what it knows."""

import json
import logging
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.unit.pipeline.examples import HOUR_US, NOON_US, document, event, framed, schema, snapshot, table
from tests.unit.pipeline.handlers.test_rescuer import Stream
from tests.unit.pipeline.store import BUCKET, WHERE, data_bucket, dated, failure_document, part_of, put, refuse
from wavetank.pipeline import layout
from wavetank.pipeline.avro.events import ID_FIELD
from wavetank.pipeline.aws import calls, database, environment, references, report, schemas
from wavetank.pipeline.aws.plan import Task
from wavetank.pipeline.aws.service_clock import SERVICE_CLOCK
from wavetank.pipeline.core.own_code import OwnCode
from wavetank.pipeline.core.schema import Role
from wavetank.pipeline.enrichment import Drop
from wavetank.pipeline.errors import ReferenceRefused, ServiceFault
from wavetank.pipeline.handlers import concatenator, dumper, partitioner, planner, processor, replayer, rescuer
from wavetank.pipeline.layout import EVENTS, HOUR, Partition
from wavetank.pipeline.metrics import FIELDS, METRICS, Handler
from wavetank.pipeline.names import NAMES
from wavetank.pipeline.reference.index import Index
from wavetank.pipeline.reference.source import Limits, Source

RAW = schema(role=Role.RAW)
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/wavetank-ping-raw"
CHUNK = "chunks/ping/2019/11/24/12/chunk"
ARRIVED = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=90)
LATE = Partition("ping", "2019-11-23", 12, 0)
VARIABLES = {
    "AWS_LAMBDA_FUNCTION_NAME": "the-function",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "4096",
    "CHUNK_GRACE_MINUTES": "10",
    "DATA_BUCKET": BUCKET,
    "ENRICHMENT": json.dumps({"reference": "names", "on": "event_id", "add": ["label"]}),
    "EVENT_TYPE": "ping",
    "FUTURE_BOUND_MINUTES": "60",
    "HASH_BUCKETS": "1",
    "LOOK_BACK_HOURS": "12",
    "CATCH_UP_HOURS": "0",
    "NAME_PREFIX": NAMES.prefix,
    "PROCESSED_STREAM": "processed",
    "REGISTRY_BUCKET": BUCKET,
}
OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}

Line = dict[str, Any]


class Taking:
    """A stream that takes every record."""

    def put_records(self, Records: list[Any], **_: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        return {"Records": [{"SequenceNumber": "1"} for _ in Records]}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Any]:
    """The services that functions call, with the schemas of `ping` published, and the log from INFO on."""
    caplog.set_level(logging.INFO)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    for made in (schemas.registry, schemas.store, references.references):
        made.cache_clear()
    with data_bucket(monkeypatch) as s3:
        for name, service in (("registry_s3", "s3"), ("sqs", "sqs")):
            monkeypatch.setattr(calls, name, cache(lambda service=service: boto3.client(service)))
        for module in (schemas, references):
            monkeypatch.setattr(module, "registry_s3", calls.registry_s3)
        calls.registry_s3().meta.events.register("after-call", dated)
        digest, data = snapshot(table({"id": "string", "label": "string"}), ("id-1", "a name"))
        put(s3, layout.reference_snapshot_key("names", digest), data)
        put(s3, layout.reference_index_key("names"), Index().with_snapshot(digest, 0).to_json())
        for role in ("raw", "processed"):
            put(s3, layout.schema_key("ping", role, 1), json.dumps(document()).encode())
        monkeypatch.setattr(calls, "kinesis", Taking)
        for variable in ("MERGE_QUEUE_URL", "DEAD_MERGE_QUEUE_URL"):
            url = calls.sqs().create_queue(QueueName=variable)["QueueUrl"]
            monkeypatch.setenv(variable, url)
        monkeypatch.setenv("CHUNK_TOPIC_ARN", calls.sns().create_topic(Name="chunks")["TopicArn"])
        SERVICE_CLOCK.listen_to(s3)
        yield s3
    for made in (schemas.registry, schemas.store, references.references):
        made.cache_clear()


def lines(caplog: pytest.LogCaptureFixture, message: str = "invocation") -> list[Line]:
    """The fields of each line of this message."""
    return [
        {name: value for name, value in vars(record).items() if name not in OWN_FIELDS}
        for record in caplog.records
        if record.name == report.__name__ and record.getMessage() == message
    ]


def record(data: bytes, sequence: int, arrived: datetime = ARRIVED) -> dict[str, Any]:
    """A record as an event source mapping hands it out."""
    return {
        "eventID": f"shardId-000000000003:{sequence}",
        "eventSourceARN": STREAM,
        "kinesis": {
            "data": b64encode(data).decode(),
            "partitionKey": "k",
            "sequenceNumber": str(sequence),
            "approximateArrivalTimestamp": arrived.timestamp(),
        },
    }


BATCH = [
    record(framed(event(1), RAW), 11),
    record(framed(event(2), RAW), 12),
    record(framed(event(3), RAW), 13, ARRIVED + timedelta(seconds=30)),
    record(b"no frame", 14, ARRIVED + timedelta(seconds=30)),
]


def drops_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the event type's own code drop the second event."""

    def enrich(fields: dict[str, Any], _reference: object) -> object:
        return Drop("a test") if fields[ID_FIELD] == "id-2" else fields

    monkeypatch.setattr(environment, "own_code", lambda: OwnCode(Path(), enrich))


def run_processor(_s3: Any) -> None:
    processor.handle({"Records": BATCH}, None)


def run_partitioner(s3: Any) -> None:
    """A chunk with an event in each of two hours, and a piece that is no event."""
    pieces = [framed(event(1)), framed(event(2, time_us=NOON_US + HOUR_US)), framed({**event(3), "event_id": ""})]
    put(s3, CHUNK, b"".join(pieces))
    notice = {"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": CHUNK}}}]}
    partitioner.handle({"Records": [{"Sns": {"Message": json.dumps(notice)}}]}, None)


def run_concatenator(s3: Any) -> None:
    """Two parts with a copy of one event, and a part that is none; one more partition cannot be merged at all."""
    put(s3, layout.part_key(WHERE, "one"), part_of(1, 2))
    put(s3, layout.part_key(WHERE, "two"), part_of(2, 3))
    put(s3, layout.part_key(WHERE, "three"), b"damaged")
    unknown = Partition("pong", WHERE.date, WHERE.hour, WHERE.bucket)
    messages = [Task(WHERE, {}), Task(unknown, {})]
    records = [{"messageId": str(number), "body": task.message()} for number, task in enumerate(messages)]
    assert concatenator.handle({"Records": records}, None) == {"batchItemFailures": [{"itemIdentifier": "1"}]}


def run_planner(s3: Any) -> None:
    put(s3, layout.part_key(WHERE, "chunk"), part_of(1), Metadata={EVENTS: "1"})
    put(s3, layout.part_key(LATE, "chunk"), part_of(2, 3), Metadata={EVENTS: "2"})
    planner.handle({"time": (WHERE.start + HOUR).isoformat()}, None)


def run_replayer(s3: Any) -> None:
    tick = datetime.now(UTC) + timedelta(hours=1)
    put(s3, f"chunks/ping/{tick - timedelta(hours=2):%Y/%m/%d/%H}/chunk")
    replayer.handle({"time": tick.isoformat()}, None)


def run_rescuer(s3: Any) -> None:
    put(s3, "aws/lambda/mapping/shard/document", failure_document(STREAM, ("1", "3"), 3))
    key = {"key": "aws/lambda/mapping/shard/document"}
    rescuer.handle({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": key}}]}, None)


def run_dumper(s3: Any) -> None:
    """A reference that is published, and one whose column is of another type than the database's."""
    with pytest.raises(ReferenceRefused, match="labels"):
        dumper.handle({"time": WHERE.start.isoformat()}, None)


RUNS = {
    Handler.PROCESSOR: run_processor,
    Handler.PARTITIONER: run_partitioner,
    Handler.REPLAYER: run_replayer,
    Handler.PLANNER: run_planner,
    Handler.CONCATENATOR: run_concatenator,
    Handler.RESCUER: run_rescuer,
    Handler.DUMPER: run_dumper,
}


def reads_a_database(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The function's package and variables are those of a database in a folder."""
    with closing(sqlite3.connect(folder / "database")) as connection:
        connection.execute("CREATE TABLE things (id TEXT PRIMARY KEY, label TEXT)")
        connection.execute("INSERT INTO things VALUES ('1', 'a thing')")
        connection.commit()
    secret = json.dumps({"engine": "sqlite", "dbname": str(folder / "database")})
    client = SimpleNamespace(get_secret_value=lambda **_: {"SecretString": secret, "VersionId": "1"})
    monkeypatch.setattr(database, "secrets", lambda: client)
    limits = Limits(rows=10, bytes=1 << 20, statement_s=10, shrink_percent=0)
    sources = tuple(
        Source(name, table({"id": "string", "label": kind}), "things", None, 60, limits)
        for name, kind in (("things", "string"), ("labels", "int"))
    )
    monkeypatch.setattr(dumper, "_sources", lambda _: sources)
    for name, value in (("DATABASE", "ads"), ("SECRET", "ads"), ("SNAPSHOT_HOURS", "1")):
        monkeypatch.setenv(name, value)


def run(handler: Handler, s3: Any, monkeypatch: pytest.MonkeyPatch, folder: Path = Path()) -> None:
    """Run a handler on something that gives all of its metrics a value."""
    if handler is Handler.RESCUER:
        stream = Stream((1, 2), (3,))
        monkeypatch.setattr(calls, "kinesis", lambda: stream)
    if handler is Handler.PROCESSOR:
        drops_the_second(monkeypatch)
    if handler is Handler.DUMPER:
        reads_a_database(monkeypatch, folder)
        s3.meta.events.register("after-call", dated)
    RUNS[handler](s3)


@pytest.mark.parametrize("handler", Handler)
def test_each_metric_is_a_number_in_a_line_of_each_of_its_functions(
    handler: Handler, s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    run(handler, s3, monkeypatch, tmp_path)
    for metric in (metric for metric in METRICS if handler in metric.handlers):
        numbered = [line for line in lines(caplog, metric.message) if metric.field in line]
        assert numbered, metric.name
        for line in numbered:
            assert type(line[metric.field]) in (int, float), metric.name
            assert line[metric.field] >= 0, metric.name
            dimensions = [line.get(FIELDS[dimension]) for dimension in metric.dimensions]
            assert [value for value in dimensions if not (isinstance(value, str) and value)] == [], metric.name


def test_a_processor_tells_where_its_batch_is_from_and_what_became_of_it(
    s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SERVICE_CLOCK, "now", lambda: ARRIVED.timestamp() + 90)
    run(Handler.PROCESSOR, s3, monkeypatch)
    [line] = lines(caplog)
    ages = {name: line.pop(name) for name in ("oldest_age_s", "time_to_durable_s", "memory_percent")}
    assert line == {
        "function": "the-function",
        "event_type": "ping",
        "received": 4,
        "bytes": 3 * len(framed(event(1), RAW)) + len(b"no frame"),
        "processed": 2,
        "quarantined": 1,
        "dropped": 1,
        "look_ups": 3,
        "misses": 2,
        "stream": "wavetank-ping-raw",
        "shard": "shardId-000000000003",
        "first_sequence": "11",
        "last_sequence": "14",
    }
    assert 60 < ages["oldest_age_s"] < ages["time_to_durable_s"] == 90
    assert 0 < ages["memory_percent"] < 100
    about = {"function": "the-function", "event_type": "ping", "records": 1}
    assert lines(caplog, "set-aside") == [{**about, "reason": "bad-frame"}]
    assert lines(caplog, "dropped") == [{**about, "reason": "a test"}]


def test_ages_are_reckoned_by_the_time_that_the_services_tell(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A service that is a day ahead of this machine has dated the records too."""
    ahead = format_datetime(ARRIVED + timedelta(days=1), usegmt=True)
    answer: Any = (SimpleNamespace(status_code=200, headers={"Date": ahead}), {})
    s3.meta.events.register_first("before-call.s3.PutObject", lambda **_: answer)
    run_processor(s3)
    [line] = lines(caplog)
    assert line["time_to_durable_s"] == pytest.approx(86_400, abs=5)
    assert line["oldest_age_s"] == pytest.approx(86_400, abs=5)


def test_without_an_answer_of_a_service_the_newest_record_is_what_is_known_of_the_time(
    s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(SERVICE_CLOCK, "now", lambda: None)
    run_processor(s3)
    [line] = lines(caplog)
    assert (line["oldest_age_s"], line["time_to_durable_s"]) == (30.0, 30.0)


def test_a_processor_that_fails_tells_what_it_read_and_counts_nothing_as_done(
    s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object) -> None:
        raise ServiceFault("the stream refuses")

    monkeypatch.setattr(processor, "publish", refused)
    with pytest.raises(ServiceFault):
        run_processor(s3)
    [line] = lines(caplog)
    assert (line["received"], line["first_sequence"], line["last_sequence"]) == (4, "11", "14")
    assert line["oldest_age_s"] > 0
    assert line.keys().isdisjoint({"processed", "quarantined", "dropped", "time_to_durable_s"})
    assert lines(caplog, "set-aside") == []


def test_a_partitioner_tells_of_its_chunk(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    run_partitioner(s3)
    [line] = lines(caplog)
    size = calls.s3().head_object(Bucket=BUCKET, Key=CHUNK)["ContentLength"]
    expected = {"chunk": CHUNK, "chunks": 1, "events": 2, "parts": 2, "quarantined": 1, "bytes": size}
    assert expected.items() <= line.items()
    assert lines(caplog, "set-aside")[0]["reason"] == "missing-id"


def test_a_chunk_that_is_not_tagged_is_not_counted_as_done(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    refuse(s3, "PutObjectTagging", "SlowDown", 400)
    with pytest.raises(ClientError):
        run_partitioner(s3)
    [line] = lines(caplog)
    assert (line["chunk"], line["quarantined"]) == (CHUNK, 1)
    assert line.keys().isdisjoint({"chunks", "events", "bytes", "parts"})


def test_a_concatenator_tells_of_each_partition_and_its_copies(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    run_concatenator(s3)
    merged, failed = lines(caplog)
    size = sum(
        calls.s3().head_object(Bucket=BUCKET, Key=key(WHERE))["ContentLength"]
        for key in (layout.avro_key, layout.parquet_key)
    )
    counts = {"merges": 1, "merged": 3, "duplicates_removed": 1, "quarantined": 1, "failed": 0, "bytes": size}
    assert ({"partition": WHERE.path} | counts).items() <= merged.items()
    assert {"event_type": "pong", "merges": 0, "failed": 1, "quarantined": 0}.items() <= failed.items()
    assert [line["reason"] for line in lines(caplog, "set-aside")] == ["damaged-part"]


def test_a_merge_of_what_is_merged_is_none_and_sets_nothing_aside_again(
    s3: Any, caplog: pytest.LogCaptureFixture
) -> None:
    run_concatenator(s3)
    caplog.clear()
    run_concatenator(s3)
    again = lines(caplog)[0]
    assert {"merges": 0, "failed": 0, "quarantined": 0}.items() <= again.items()
    assert again.keys().isdisjoint({"merged", "duplicates_removed", "bytes"})
    assert lines(caplog, "set-aside") == []


def test_a_planner_tells_of_each_event_type_and_of_all(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    run_planner(s3)
    ping, every = lines(caplog)
    assert {"event_type": "ping", "planned": 1, "late": 2, "late_parts": 1}.items() <= ping.items()
    assert every["dead"] == 0
    assert "event_type" not in every


def test_a_planner_that_cannot_queue_its_work_tells_what_it_put_aside(
    s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MERGE_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/none")
    with pytest.raises(ClientError):
        run_planner(s3)
    assert {"planned": 0, "late": 2}.items() <= lines(caplog)[0].items()


def test_a_replayer_tells_the_age_of_the_oldest_chunk_without_a_tag(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    run_replayer(s3)
    [line] = lines(caplog)
    assert line["replayed"] == 1
    assert line["untagged_age_s"] == pytest.approx(3600, abs=60)


def test_a_rescuer_tells_of_each_document(
    s3: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run(Handler.RESCUER, s3, monkeypatch)
    [line] = lines(caplog)
    position = {"shard": "shardId-000000000000", "first_sequence": "1", "last_sequence": "3"}
    counts = {"document": "aws/lambda/mapping/shard/document", "documents": 1, "quarantined": 3}
    assert ({"event_type": "ping", "stream": "wavetank-ping-raw"} | position | counts).items() <= line.items()

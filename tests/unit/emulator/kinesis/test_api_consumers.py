"""Enhanced fan-out, as a client sees it (the event stream: as LocalStack gets it from the provider)."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cbor2._encoder import dumps
from localstack.aws.api import RequestContext
from localstack.http import Request
from localstack.services.kinesis import provider as localstack_kinesis

from tests.unit.emulator.kinesis.service import CBOR, Service
from wavetank.emulator.kinesis.operations.consumers import ConsumerOperations
from wavetank.emulator.limits.register import LIMITS, Limit
from wavetank.emulator.runtime.clock import CLOCK

SHARD = "shardId-000000000000"


class Subscriber:
    """SubscribeToShard without the encoding of its events."""

    def __init__(self, consumer_arn: str, content_type: str = "application/x-amz-json-1.1") -> None:
        from localstack.aws.spec import load_service

        self._arn = consumer_arn
        self._context = RequestContext(Request("POST", "/", headers={"Content-Type": content_type}))
        self._context.service = load_service("kinesis")
        self._context.operation = self._context.service.operation_model("SubscribeToShard")

    def events(self, kind: str = "TRIM_HORIZON", **more: Any) -> Iterator[dict[str, Any]]:
        """The events from a starting position on."""
        position = {"Type": kind, **more}
        self._context.service_request = {"ConsumerARN": self._arn, "ShardId": SHARD, "StartingPosition": position}
        answer = ConsumerOperations().subscribe_to_shard(
            self._context, consumer_arn=self._arn, shard_id=SHARD, starting_position=position
        )
        for event in answer["EventStream"]:
            yield event["SubscribeToShardEvent"]


@pytest.fixture
def arn(kinesis: Service) -> str:
    """The ARN of a stream called `s`."""
    return kinesis.create("s")


def register(kinesis: Service, arn: str, name: str = "c") -> str:
    return str(kinesis.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName=name)["Consumer"]["ConsumerARN"])


def put(kinesis: Service, *data: bytes) -> list[str]:
    records = [{"Data": letter, "PartitionKey": "k"} for letter in data]
    results = kinesis.call("PutRecords", StreamName="s", Records=records)["Records"]
    return [result["SequenceNumber"] for result in results]


def letters(event: dict[str, Any]) -> bytes:
    return b"".join(record["Data"] for record in event["Records"])


def test_a_consumer_is_registered_described_listed_and_deregistered(kinesis: Service, arn: str) -> None:
    consumer = kinesis.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName="c", Tags={"a": "1"})["Consumer"]
    created = consumer["ConsumerCreationTimestamp"]
    assert consumer["ConsumerStatus"] == "CREATING"
    assert consumer["ConsumerARN"] == f"{arn}/consumer/c:{int(created.timestamp())}"
    active = consumer | {"ConsumerStatus": "ACTIVE"}
    assert kinesis.call("ListStreamConsumers", StreamARN=arn)["Consumers"] == [active]
    by_name = kinesis.call("DescribeStreamConsumer", StreamARN=arn, ConsumerName="c")
    by_arn = kinesis.call("DescribeStreamConsumer", ConsumerARN=consumer["ConsumerARN"])
    assert by_name == by_arn == {"ConsumerDescription": active | {"StreamARN": arn}}
    tags = kinesis.call("ListTagsForResource", ResourceARN=consumer["ConsumerARN"])["Tags"]
    assert tags == [{"Key": "a", "Value": "1"}]
    kinesis.call("DeregisterStreamConsumer", StreamARN=arn, ConsumerName="c")
    assert kinesis.call("ListStreamConsumers", StreamARN=arn)["Consumers"] == []
    summary = kinesis.call("DescribeStreamSummary", StreamName="s")["StreamDescriptionSummary"]
    assert summary["ConsumerCount"] == 0


def test_consumers_are_listed_in_pages(kinesis: Service, arn: str) -> None:
    for name in "cab":
        register(kinesis, arn, name)
    page = kinesis.call("ListStreamConsumers", StreamARN=arn, MaxResults=2)
    rest = kinesis.call("ListStreamConsumers", StreamARN=arn, NextToken=page["NextToken"])
    names = [[consumer["ConsumerName"] for consumer in answer["Consumers"]] for answer in (page, rest)]
    assert (names, "NextToken" in rest) == ([["a", "b"], ["c"]], False)


def test_a_token_goes_with_no_time_of_creation(kinesis: Service, arn: str) -> None:
    for name in "ab":
        register(kinesis, arn, name)
    token = kinesis.call("ListStreamConsumers", StreamARN=arn, MaxResults=1)["NextToken"]
    selectors = {"StreamARN": arn, "NextToken": token, "StreamCreationTimestamp": 1}
    assert kinesis.refusal("ListStreamConsumers", **selectors) == (
        "InvalidArgumentException",
        "NextToken and StreamCreationTimestamp cannot be provided together.",
    )


def test_a_consumer_that_cannot_be_is_refused(kinesis: Service, arn: str) -> None:
    for number in range(20):
        register(kinesis, arn, f"c{number}")
    one = {"StreamARN": arn, "ConsumerName": "c0"}
    assert kinesis.refusal("RegisterStreamConsumer", **one)[0] == "ResourceInUseException"
    assert kinesis.refusal("RegisterStreamConsumer", **one | {"ConsumerName": "more"})[0] == "LimitExceededException"
    unknown = one | {"ConsumerName": "unknown"}
    assert kinesis.refusal("DescribeStreamConsumer", **unknown) == (
        "ResourceNotFoundException",
        "Consumer unknown, account 000000000000 not found.",
    )
    assert kinesis.refusal("DeregisterStreamConsumer", StreamARN=arn)[0] == "InvalidArgumentException"


def test_records_put_before_and_after_are_pushed(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a", b"b")
    events = Subscriber(register(kinesis, arn)).events()
    assert letters(next(events)) == b"ab"
    (last,) = put(kinesis, b"c")
    event = next(events)
    assert (letters(event), event["ContinuationSequenceNumber"], event["MillisBehindLatest"]) == (b"c", last, 0)


def test_a_subscription_goes_on_from_its_continuation(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a", b"b")
    subscriber = Subscriber(register(kinesis, arn))
    continuation = next(subscriber.events())["ContinuationSequenceNumber"]
    put(kinesis, b"c")
    CLOCK.advance(5)
    assert letters(next(subscriber.events("AFTER_SEQUENCE_NUMBER", SequenceNumber=continuation))) == b"c"
    CLOCK.advance(5)
    assert letters(next(subscriber.events("AT_SEQUENCE_NUMBER", SequenceNumber=continuation))) == b"bc"


def test_there_is_an_event_every_five_seconds_even_without_records(kinesis: Service, arn: str) -> None:
    events = Subscriber(register(kinesis, arn)).events("LATEST")
    timer = threading.Timer(0.05, CLOCK.advance, [5])
    timer.start()
    event = next(events)
    timer.join()
    assert event["Records"] == []
    assert event["ContinuationSequenceNumber"]


def test_a_subscription_ends_after_five_minutes(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a")
    events = Subscriber(register(kinesis, arn)).events()
    next(events)
    CLOCK.advance(301)
    put(kinesis, b"b")
    assert list(events) == []


def test_what_shortens_localstacks_subscriptions_shortens_ours(
    kinesis: Service, arn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(localstack_kinesis, "MAX_SUBSCRIPTION_SECONDS", 0.05)
    assert list(Subscriber(register(kinesis, arn)).events()) == []


def test_with_shard_limits_a_consumer_gets_two_mebibytes_a_second(kinesis: Service, arn: str) -> None:
    LIMITS.enforce(Limit.SHARD_LIMITS)
    put(kinesis, bytes(1024 * 1024 - 1))
    events = Subscriber(register(kinesis, arn)).events()
    next(events)
    CLOCK.advance(1)
    began = CLOCK.now()
    put(kinesis, b"x")
    threading.Timer(0.05, CLOCK.advance, [0.5]).start()
    assert letters(next(events)) == b"x"
    assert CLOCK.now() - began >= 0.49


def test_a_subscription_ends_with_the_shard_and_names_its_children(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a")
    kinesis.call("SplitShard", StreamName="s", ShardToSplit=SHARD, NewStartingHashKey="1000")
    (event,) = Subscriber(register(kinesis, arn)).events()
    assert [child["ShardId"][-1] for child in event["ChildShards"]] == ["1", "2"]
    assert "ContinuationSequenceNumber" not in event


def test_a_subscription_ends_with_its_stream_and_with_its_consumer(kinesis: Service, arn: str) -> None:
    for operation, parameters in (
        ("DeregisterStreamConsumer", {"StreamARN": arn, "ConsumerName": "c"}),
        ("DeleteStream", {"StreamName": "s", "EnforceConsumerDeletion": True}),
    ):
        put(kinesis, b"a")
        events = Subscriber(register(kinesis, arn)).events()
        next(events)
        kinesis.call_with(operation, parameters)
        assert list(events) == []


def test_a_second_subscription_takes_over_but_not_within_five_seconds(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a")
    subscriber = Subscriber(register(kinesis, arn))
    first = subscriber.events()
    next(first)
    with pytest.raises(Exception, match="Another active subscription exists"):
        next(subscriber.events())
    CLOCK.advance(5)
    assert letters(next(subscriber.events())) == b"a"
    assert list(first) == []


def test_in_cbor_the_events_have_times_in_milliseconds(kinesis: Service, arn: str) -> None:
    put(kinesis, b"a")
    event = next(Subscriber(register(kinesis, arn), CBOR).events())
    (record,) = event["Records"]
    arrived = record["ApproximateArrivalTimestamp"]
    assert arrived.tag == 1
    assert abs(arrived.value - CLOCK.now() * 1000) < 60_000
    assert dumps(arrived)[:2] == b"\xc1\x1b"

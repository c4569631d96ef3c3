"""Faults on deliveries: each shows at the next hop, and as a line in the activity log."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.event_source_kit import until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

ACCOUNT = "000000000000"
DELAY_S = 600.0
MINUTES_S = 30.0


@dataclass(frozen=True)
class Chain:
    """A bucket that notifies a topic that delivers to a queue, all of the same name."""

    stack: EmbeddedStack
    name: str

    def build(self) -> "Chain":
        s3, sns, sqs = (self.stack.client(service) for service in ("s3", "sns", "sqs"))
        sqs.create_queue(QueueName=self.name)
        sns.create_topic(Name=self.name)
        sns.subscribe(TopicArn=self.topic_arn, Protocol="sqs", Endpoint=self.queue_arn)
        s3.create_bucket(Bucket=self.name)
        configuration = {"TopicArn": self.topic_arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"TopicConfigurations": [configuration]}
        )
        self.arrived()
        return self

    @property
    def topic_arn(self) -> str:
        return f"arn:aws:sns:us-east-1:{ACCOUNT}:{self.name}"

    @property
    def queue_arn(self) -> str:
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"

    def put(self, *keys: str) -> None:
        for key in keys:
            self.stack.client("s3").put_object(Bucket=self.name, Key=key, Body=b"x")

    def until_queued(self, key: str) -> None:
        """Return when the message about this key, and those that it lets go, are in the queue."""
        sqs = self.stack.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        arrivals = {"second": 1, "third": 3, "fourth": 4}
        until(lambda: int(_queued(sqs, url)) >= arrivals[key])

    def arrived(self) -> list[str]:
        """The keys (or plain messages) in the queue once all is settled, sorted; empties it."""
        return sorted(key for _, key in self._came())

    def in_order_of(self, point: str) -> list[str]:
        """The keys in the order in which deliveries at this point ended: as they came to the topic, or to the queue.

        Between the two SNS promises no order.
        """
        came = self._came()
        return [key for _, key in (sorted(came, key=itemgetter(0)) if point == "s3.notification" else came)]

    def _came(self) -> list[tuple[str, str]]:
        """What is in the queue once all is settled, as it came: when it was published, and its key; empties it."""
        self.stack.settle(timeout_s=MINUTES_S)
        sqs = self.stack.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                told = json.loads(message["Body"])
                found.append((told["Timestamp"], _key(told["Message"])))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def add(self, point: str, action: str, **fields: Any) -> str:
        """Set a fault on this chain alone, and return its id."""
        field = "bucket" if point == "s3.notification" else "topic"
        match = {field: self.name, **fields.pop("match", {})}
        return self.stack.control.add_fault({"point": point, "action": action, "match": match, **fields})

    def hits(self, fault_id: str) -> list[str]:
        """What a fault hit, in order: the keys of the objects."""
        lines = [line for line in self.stack.control.activity() if line["fault"] == fault_id]
        return [line["target"].get("key") or line["target"]["subject"].rpartition("/")[2] for line in lines]


def _queued(sqs: Any, url: str) -> str:
    name = "ApproximateNumberOfMessages"
    return str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def _key(message: str) -> str:
    try:
        return str(json.loads(message)["Records"][0]["s3"]["object"]["key"])
    except (ValueError, KeyError):
        return message


@pytest.fixture(scope="module")
def built(stack: EmbeddedStack) -> Chain:
    return Chain(stack, f"faults-{uuid.uuid4().hex[:8]}").build()


@pytest.fixture
def chain(built: Chain) -> Iterator[Chain]:
    yield built
    built.stack.control.clear_faults()


POINTS = pytest.mark.parametrize("point", ["s3.notification", "sns.delivery"])


def test_without_faults_everything_arrives_once(chain: Chain) -> None:
    chain.put("a", "b", "c")
    assert chain.arrived() == ["a", "b", "c"]


@pytest.mark.fault("s3.notification", "drop")
@pytest.mark.fault("sns.delivery", "drop")
@POINTS
def test_a_dropped_delivery_never_arrives(chain: Chain, point: str) -> None:
    fault = chain.add(point, "drop", when={"nth": 2})
    arrived = []
    for key in "abc":
        chain.put(key)
        arrived += chain.arrived()
    assert (arrived, chain.hits(fault)) == (["a", "c"], ["b"])


@pytest.mark.fault("s3.notification", "duplicate")
@pytest.mark.fault("sns.delivery", "duplicate")
@POINTS
def test_a_duplicated_delivery_arrives_twice(chain: Chain, point: str) -> None:
    fault = chain.add(point, "duplicate", when={"nth": 1})
    chain.put("a")
    assert chain.arrived() == ["a", "a"]
    assert chain.hits(fault) == ["a"]


@pytest.mark.fault("s3.notification", "reorder")
@pytest.mark.fault("sns.delivery", "reorder")
@POINTS
def test_a_reordered_delivery_is_overtaken(chain: Chain, point: str) -> None:
    fault = chain.add(point, "reorder", parameters={"behind": 2}, when={"nth": [1, 5]})
    for key in ("first", "second", "third", "fourth"):
        chain.put(key)
        if key != "first":
            chain.until_queued(key)
    assert chain.in_order_of(point) == ["second", "third", "first", "fourth"]
    chain.put("last")
    assert chain.arrived() == ["last"]
    assert chain.hits(fault) == ["first", "last"]


@pytest.mark.fault("s3.notification", "delay")
@pytest.mark.fault("sns.delivery", "delay")
@POINTS
def test_a_delayed_delivery_arrives_when_emulator_time_has_passed(chain: Chain, point: str) -> None:
    fault = chain.add(point, "delay", parameters={"delay_s": DELAY_S}, when={"count": 1})
    chain.put("late")
    until(lambda: bool(chain.stack.control.activity()))
    chain.put("soon")
    chain.stack.control.advance_clock(DELAY_S)
    assert chain.arrived() == ["late", "soon"]
    assert chain.hits(fault) == ["late"]


def test_a_fault_picks_by_key(chain: Chain) -> None:
    notification = chain.add("s3.notification", "drop", match={"key": "left/*"})
    delivery = chain.add("sns.delivery", "drop", match={"subject": "*/right/?"})
    chain.put("left/1", "right/1", "middle/1", "right/12")
    assert chain.arrived() == ["middle/1", "right/12"]
    assert (chain.hits(notification), chain.hits(delivery)) == (["left/1"], ["1"])


def test_the_same_seed_strikes_the_same_objects(chain: Chain) -> None:
    keys = [f"k{n:02}" for n in range(30)]
    runs = []
    for _ in range(2):
        chain.add("s3.notification", "drop", when={"probability": 0.4}, seed=11)
        chain.put(*keys)
        runs.append(chain.arrived())
        chain.stack.control.clear_faults()
    assert runs[0] == runs[1]
    assert 5 < len(runs[0]) < 28


def test_one_message_of_a_batch_can_be_dropped(chain: Chain) -> None:
    chain.add("sns.delivery", "drop", when={"nth": 2})
    entries = [{"Id": text, "Message": text} for text in ("one", "two", "three")]
    chain.stack.client("sns").publish_batch(TopicArn=chain.topic_arn, PublishBatchRequestEntries=entries)
    assert chain.arrived() == ["one", "three"]


@pytest.mark.fault("aws.call", "error-before")
def test_a_call_that_fails_before_has_done_nothing(chain: Chain) -> None:
    match = {"service": "s3", "operation": "PutObject", "resource": chain.name, "key": "refused"}
    parameters = {"status": 403, "code": "AccessDenied", "message": "Access Denied"}
    fault = chain.stack.control.add_fault(
        {"point": "aws.call", "action": "error-before", "match": match, "parameters": parameters}
    )
    with pytest.raises(ClientError) as error:
        chain.put("refused")
    assert error.value.response["Error"] == {"Code": "AccessDenied", "Message": "Access Denied"}
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert chain.arrived() == []
    assert chain.hits(fault) == ["refused"]


@pytest.mark.fault("aws.call", "error-after")
def test_a_call_that_fails_after_took_effect(chain: Chain) -> None:
    match = {"operation": "PutObject", "resource": chain.name}
    parameters = {"status": 400, "code": "IncompleteBody"}
    fault = chain.stack.control.add_fault(
        {"point": "aws.call", "action": "error-after", "match": match, "parameters": parameters}
    )
    with pytest.raises(ClientError, match="IncompleteBody"):
        chain.put("unknown")
    chain.stack.control.clear_faults()
    assert chain.arrived() == ["unknown"]
    assert chain.hits(fault) == ["unknown"]


def test_a_struck_call_of_a_json_service_looks_like_a_real_one(chain: Chain) -> None:
    match = {"service": "sqs", "operation": "ListQueues", "origin": "client"}
    parameters = {"status": 400, "code": "InvalidSecurity", "message": "Over HTTPS only"}
    chain.stack.control.add_fault(
        {"point": "aws.call", "action": "error-before", "match": match, "parameters": parameters}
    )
    with pytest.raises(ClientError) as error:
        chain.stack.client("sqs").list_queues()
    assert error.value.response["Error"]["Code"] == "InvalidSecurity"
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amzn-errortype"] == "InvalidSecurity"


@pytest.mark.fault("aws.call", "delay")
def test_a_slow_call_answers_when_emulator_time_has_passed(chain: Chain) -> None:
    match = {"operation": "HeadBucket", "resource": chain.name}
    fault = chain.stack.control.add_fault(
        {"point": "aws.call", "action": "delay", "match": match, "parameters": {"delay_s": 0.2}}
    )
    chain.stack.client("s3").head_bucket(Bucket=chain.name)
    assert len([line for line in chain.stack.control.activity() if line["fault"] == fault]) == 1

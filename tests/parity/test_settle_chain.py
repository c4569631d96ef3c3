"""Settle over the whole chain: stream, function, stream, delivery stream, bucket, topic, function, queue."""

import json
import uuid
from dataclasses import dataclass

import pytest

from tests.parity.test_faults import ACCOUNT, MINUTES_S
from tests.parity.test_faults_async import Function, zipped
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

ROUNDS = 6
RECORDS = 5
BUFFER_S = 300

FORWARD = """
import base64, os, boto3

kinesis = boto3.client("kinesis")

def handler(event, context):
    for record in event["Records"]:
        data = base64.b64decode(record["kinesis"]["data"])
        kinesis.put_record(StreamName=os.environ["TARGET"], Data=data, PartitionKey="k")
"""


@dataclass(frozen=True)
class Line:
    """Everything is called after one name; the last function's outcomes arrive in a queue."""

    stack: EmbeddedStack
    name: str
    last: Function

    def build(self) -> "Line":
        kinesis, s3, sns = (self.stack.client(service) for service in ("kinesis", "s3", "sns"))
        for stream in (f"{self.name}-raw", f"{self.name}-processed"):
            kinesis.create_stream(StreamName=stream, ShardCount=2)
        self._forward()
        s3.create_bucket(Bucket=self.name)
        topic_arn = sns.create_topic(Name=self.name)["TopicArn"]
        sns.subscribe(TopicArn=topic_arn, Protocol="lambda", Endpoint=self.last.arn)
        configuration = {"TopicArn": topic_arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration={"TopicConfigurations": [configuration]}
        )
        self._buffer()
        self.last.outcomes()
        return self

    def _forward(self) -> None:
        lambda_ = self.stack.client("lambda")
        lambda_.create_function(
            FunctionName=f"{self.name}-forward",
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{self.name}",
            Handler="app.handler",
            Code={"ZipFile": zipped(FORWARD)},
            Environment={"Variables": {"TARGET": f"{self.name}-processed"}},
        )
        waiter = lambda_.get_waiter("function_active_v2")
        waiter.wait(FunctionName=f"{self.name}-forward", WaiterConfig={"Delay": 1})
        lambda_.create_event_source_mapping(
            FunctionName=f"{self.name}-forward",
            EventSourceArn=self.stream_arn("raw"),
            StartingPosition="TRIM_HORIZON",
        )

    def _buffer(self) -> None:
        role_arn = f"arn:aws:iam::{ACCOUNT}:role/{self.name}"
        self.stack.client("firehose").create_delivery_stream(
            DeliveryStreamName=self.name,
            DeliveryStreamType="KinesisStreamAsSource",
            KinesisStreamSourceConfiguration={
                "KinesisStreamARN": self.stream_arn("processed"),
                "RoleARN": role_arn,
            },
            ExtendedS3DestinationConfiguration={
                "BucketARN": f"arn:aws:s3:::{self.name}",
                "RoleARN": role_arn,
                "BufferingHints": {"IntervalInSeconds": BUFFER_S, "SizeInMBs": 5},
            },
        )

    def stream_arn(self, which: str) -> str:
        return f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/{self.name}-{which}"

    def put(self, *lines: str) -> None:
        records = [{"Data": f"{line}\n".encode(), "PartitionKey": line} for line in lines]
        self.stack.client("kinesis").put_records(StreamName=f"{self.name}-raw", Records=records)

    def landed(self) -> tuple[list[str], list[str]]:
        """Every line in the bucket and every key there, sorted."""
        s3 = self.stack.client("s3")
        keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=self.name).get("Contents", [])]
        bodies = [s3.get_object(Bucket=self.name, Key=key)["Body"].read().decode() for key in keys]
        return sorted("".join(bodies).split()), sorted(keys)

    def told(self) -> list[str]:
        """Settle once, and then at once: the keys that the last function was told of since the last call."""
        return [_key(payload["Records"][0]["Sns"]["Message"]) for payload, _, _ in self.last.outcomes()]


def _key(message: str) -> str:
    return str(json.loads(message)["Records"][0]["s3"]["object"]["key"])


@pytest.fixture(scope="module")
def line(stack: EmbeddedStack) -> Line:
    last = Function(stack, f"line-last-{uuid.uuid4().hex[:8]}").build()
    return Line(stack, f"line-{uuid.uuid4().hex[:8]}", last).build()


def test_settle_follows_records_to_the_end_of_the_chain(line: Line) -> None:
    """Five-minute buffers are flushed; at each answer every record has been through every hop."""
    sent: list[str] = []
    told: list[str] = []
    for number in range(ROUNDS):
        fresh = [f"record-{number}-{n}" for n in range(RECORDS)]
        line.put(*fresh)
        sent += fresh
        told += line.told()
        lines, keys = line.landed()
        assert lines == sorted(sent)
        assert sorted(told) == keys


def test_settle_with_nothing_in_flight_answers_at_once(line: Line) -> None:
    line.stack.settle(timeout_s=MINUTES_S)
    line.stack.settle(timeout_s=0)

"""Asynchronous invocations: what faults do to them, how retries wait, and that settle sees all of it."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.parity.test_faults import ACCOUNT, DELAY_S, MINUTES_S
from wavetank.emulator.pending import Pending
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

HANDLER = """
def handler(event, context):
    if isinstance(event, dict) and event.get("fail"):
        raise ValueError("told to")
    return "done"
"""
FIRST_RETRY_S = 60.0
SECOND_RETRY_S = 120.0
ROUNDS = 10


@dataclass(frozen=True)
class Function:
    """A function whose every final outcome arrives in a queue of the same name."""

    stack: EmbeddedStack
    name: str

    def build(self) -> "Function":
        self.stack.client("sqs").create_queue(QueueName=self.name)
        lambda_ = self.stack.client("lambda")
        lambda_.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{self.name}",
            Handler="app.handler",
            Code={"ZipFile": zipped(HANDLER)},
        )
        lambda_.get_waiter("function_active_v2").wait(FunctionName=self.name, WaiterConfig={"Delay": 1})
        self.configure()
        return self

    def configure(self, **settings: Any) -> None:
        queue = {"Destination": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{self.name}"}
        self.stack.client("lambda").put_function_event_invoke_config(
            FunctionName=self.name,
            DestinationConfig={"OnSuccess": queue, "OnFailure": queue},
            **settings,
        )

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{self.name}"

    def invoke(self, **payload: object) -> None:
        answer = self.stack.client("lambda").invoke(
            FunctionName=self.name, InvocationType="Event", Payload=json.dumps(payload)
        )
        assert answer["StatusCode"] == 202

    def outcomes(self) -> list[tuple[Any, str, int]]:
        """Payload, condition and number of attempts of each invocation that has ended; empties the queue."""
        self.stack.settle(timeout_s=MINUTES_S)
        sqs = self.stack.client("sqs")
        url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        found = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                context = body["requestContext"]
                found.append((body["requestPayload"], context["condition"], context["approximateInvokeCount"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return sorted(found, key=str)

    def waits_for_retry(self) -> None:
        """Return when one attempt that is not due yet is all that is in flight."""
        deadline = time.monotonic() + MINUTES_S
        pending: tuple[Pending, ...] = ()
        while time.monotonic() < deadline:
            pending = self.stack.control.pending(0.05)
            waits = [(item.hop, item.resource) for item in pending if item.until] == [("lambda.async", self.name)]
            if waits and len(pending) == 1 and (pending[0].until or 0) > self.stack.control.now():
                return
        raise AssertionError(f"does not wait for a retry alone: {pending}")

    def add(self, action: str, **fields: Any) -> str:
        return self.stack.control.add_fault(
            {"point": "lambda.async", "action": action, "match": {"function": self.name}, **fields}
        )

    def hits(self, fault_id: str) -> int:
        return len([line for line in self.stack.control.activity() if line["fault"] == fault_id])


def zipped(source: str) -> bytes:
    """A deployment package of one module, app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("app.py", source)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def built(stack: EmbeddedStack) -> Function:
    return Function(stack, f"async-{uuid.uuid4().hex[:8]}").build()


@pytest.fixture
def function(built: Function) -> Iterator[Function]:
    yield built
    built.stack.control.clear_faults()
    built.configure()


def test_settle_waits_until_the_function_has_ended_and_its_destination_was_told(function: Function) -> None:
    for n in range(ROUNDS):
        function.invoke(n=n)
        assert function.outcomes() == [({"n": n}, "Success", 1)]


@pytest.mark.fault("lambda.async", "drop")
def test_a_dropped_invocation_never_runs(function: Function) -> None:
    fault = function.add("drop", when={"nth": 2})
    for n in range(3):
        function.invoke(n=n)
    assert [payload["n"] for payload, _, _ in function.outcomes()] == [0, 2]
    assert function.hits(fault) == 1


@pytest.mark.fault("lambda.async", "duplicate")
def test_a_duplicated_invocation_runs_twice(function: Function) -> None:
    fault = function.add("duplicate")
    function.invoke(n=1)
    assert function.outcomes() == [({"n": 1}, "Success", 1)] * 2
    assert function.hits(fault) == 1


@pytest.mark.fault("lambda.async", "delay")
def test_a_delayed_invocation_runs_when_emulator_time_has_passed(function: Function) -> None:
    fault = function.add("delay", parameters={"delay_s": DELAY_S})
    function.invoke(n=1)
    function.waits_for_retry()
    function.stack.control.advance_clock(DELAY_S)
    assert function.outcomes() == [({"n": 1}, "Success", 1)]
    assert function.hits(fault) == 1


def test_retries_wait_in_emulator_time_and_then_the_failure_is_told(function: Function) -> None:
    function.invoke(fail=True)
    for delay_s in (FIRST_RETRY_S, SECOND_RETRY_S):
        function.waits_for_retry()
        function.stack.control.advance_clock(delay_s)
    assert function.outcomes() == [({"fail": True}, "RetriesExhausted", 3)]


def test_an_event_that_gets_too_old_in_emulator_time_is_given_up(function: Function) -> None:
    function.configure(MaximumEventAgeInSeconds=int(FIRST_RETRY_S + SECOND_RETRY_S))
    function.invoke(fail=True)
    function.waits_for_retry()
    function.stack.control.advance_clock(FIRST_RETRY_S + SECOND_RETRY_S)
    assert function.outcomes() == [({"fail": True}, "EventAgeExceeded", 2)]


def test_a_retry_that_waits_survives_an_update_of_the_function(stack: EmbeddedStack) -> None:
    function = Function(stack, f"update-{uuid.uuid4().hex[:8]}").build()
    function.invoke(fail=True)
    function.waits_for_retry()
    code = zipped("def handler(event, context): return 'repaired'")
    stack.client("lambda").update_function_code(FunctionName=function.name, ZipFile=code)
    stack.client("lambda").get_waiter("function_updated_v2").wait(FunctionName=function.name)
    stack.control.advance_clock(FIRST_RETRY_S)
    assert function.outcomes() == [({"fail": True}, "Success", 2)]


def test_a_function_that_is_deleted_leaves_nothing_in_flight(stack: EmbeddedStack) -> None:
    function = Function(stack, f"delete-{uuid.uuid4().hex[:8]}").build()
    function.invoke(fail=True)
    function.waits_for_retry()
    stack.client("lambda").delete_function(FunctionName=function.name)
    stack.settle(timeout_s=MINUTES_S)


def test_settle_follows_an_object_through_notification_topic_and_function(function: Function) -> None:
    s3, sns = function.stack.client("s3"), function.stack.client("sns")
    topic_arn = sns.create_topic(Name=function.name)["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="lambda", Endpoint=function.arn)
    s3.create_bucket(Bucket=function.name)
    s3.put_bucket_notification_configuration(
        Bucket=function.name,
        NotificationConfiguration={"TopicConfigurations": [{"TopicArn": topic_arn, "Events": ["s3:ObjectCreated:*"]}]},
    )
    function.outcomes()
    for n in range(ROUNDS):
        s3.put_object(Bucket=function.name, Key=f"chunk-{n}", Body=b"x")
        [(payload, condition, _)] = function.outcomes()
        event = json.loads(payload["Records"][0]["Sns"]["Message"])
        assert (condition, event["Records"][0]["s3"]["object"]["key"]) == ("Success", f"chunk-{n}")


def test_messages_in_a_queue_that_a_function_reads_are_in_flight(stack: EmbeddedStack) -> None:
    function = Function(stack, f"mapped-{uuid.uuid4().hex[:8]}").build()
    sqs, lambda_ = stack.client("sqs"), stack.client("lambda")
    source = f"{function.name}-in"
    url = sqs.create_queue(QueueName=source)["QueueUrl"]
    lambda_.create_event_source_mapping(
        FunctionName=function.name, EventSourceArn=f"arn:aws:sqs:us-east-1:{ACCOUNT}:{source}"
    )
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    stack.settle(timeout_s=MINUTES_S)
    left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessages"] == left["ApproximateNumberOfMessagesNotVisible"] == "0"

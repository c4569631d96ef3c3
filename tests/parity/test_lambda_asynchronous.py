"""Events that are queued for a function: tried again, given up, and told of."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import DEADLINE_S, ECHO, GATED, Deploy, is_active, until
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

FAILS = "def handler(event, context):\n    print('tried', event)\n    raise ValueError('no such wave')\n"
MIB = 1024 * 1024
FIRST_RETRY_S = 61
SECOND_RETRY_S = 121
HOURS_S = 3600


@pytest.fixture
def queue(stack: EmbeddedStack) -> tuple[str, str]:
    """The URL and the ARN of a queue."""
    name = f"letters-{uuid.uuid4().hex[:8]}"
    url = stack.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{stack.region}:{stack.account}:{name}"


def queued(stack: EmbeddedStack, name: str, event: object = 1, **options: Any) -> str:
    """Queue an event for a function; the id of the request."""
    response = stack.client("lambda").invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event), **options
    )
    assert response["StatusCode"] == 202
    return str(response["ResponseMetadata"]["RequestId"])


def tries(stack: EmbeddedStack, name: str) -> int:
    """How often the handler was tried, by its log."""
    logs = stack.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return sum(event["message"].startswith("tried") for event in events)


def received(stack: EmbeddedStack, url: str) -> dict[str, Any]:
    """The one message of a queue."""

    def look() -> list[dict[str, Any]]:
        found = stack.client("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        return list(found.get("Messages", []))

    (message,) = until(look)
    return dict(message)


def test_events_run_side_by_side_however_many_processors_there_are(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    name = deploy(GATED)
    gates = [tmp_path / f"gate-{number}" for number in range((os.cpu_count() or 1) + 2)]
    for gate in gates:
        queued(stack, name, str(gate))
    until(lambda: all(gate.exists() for gate in gates))
    for gate in gates:
        gate.unlink()
    stack.settle(DEADLINE_S)


def test_an_event_that_fails_is_tried_twice_more_after_one_and_two_minutes(
    stack: EmbeddedStack, deploy: Deploy, queue: tuple[str, str]
) -> None:
    url, arn = queue
    name = deploy(FAILS, DeadLetterConfig={"TargetArn": arn})
    request_id = queued(stack, name, {"wave": 7})
    until(lambda: tries(stack, name) == 1)
    stack.control.advance_clock(FIRST_RETRY_S)
    until(lambda: tries(stack, name) == 2)
    stack.control.advance_clock(SECOND_RETRY_S)
    stack.settle(DEADLINE_S)
    assert tries(stack, name) == 3
    letter = received(stack, url)
    attributes = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"]) == {"wave": 7}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no such wave"}


def test_without_retries_the_failure_is_told_to_the_destination(
    stack: EmbeddedStack, deploy: Deploy, queue: tuple[str, str]
) -> None:
    url, arn = queue
    name = deploy(FAILS)
    configure(stack, name, retries=0, destination={"OnFailure": {"Destination": arn}})
    request_id = queued(stack, name, "wave")
    stack.settle(DEADLINE_S)
    told = json.loads(received(stack, url)["Body"])
    context = told["requestContext"]
    assert (context["requestId"], context["condition"]) == (request_id, "RetriesExhausted")
    assert context["approximateInvokeCount"] == 1
    assert (told["requestPayload"], told["responsePayload"]["errorType"]) == ("wave", "ValueError")
    assert told["responseContext"]["functionError"] == "Unhandled"
    assert tries(stack, name) == 1


def test_an_event_that_grows_too_old_is_given_up(stack: EmbeddedStack, deploy: Deploy, queue: tuple[str, str]) -> None:
    url, arn = queue
    name = deploy(FAILS, DeadLetterConfig={"TargetArn": arn})
    configure(stack, name, retries=2, age_s=60)
    stack.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    queued(stack, name)
    stack.settle(DEADLINE_S)
    assert json.loads(received(stack, url)["Body"]) == 1
    stack.client("lambda").delete_function_concurrency(FunctionName=name)
    queued(stack, name, 2)
    stack.settle(DEADLINE_S)
    assert json.loads(received(stack, url)["Body"]) == 2
    assert tries(stack, name) == 1


def test_an_answer_is_told_to_the_destination_of_the_alias_that_was_invoked(
    stack: EmbeddedStack, deploy: Deploy, queue: tuple[str, str]
) -> None:
    url, arn = queue
    name = deploy(ECHO)
    client = stack.client("lambda")
    version = client.publish_version(FunctionName=name)["Version"]
    until(lambda: is_active(stack, name, version))
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    configure(stack, name, destination={"OnSuccess": {"Destination": arn}}, Qualifier="live")
    queued(stack, name, "version", Qualifier=version)
    queued(stack, name, "alias", Qualifier="live")
    stack.settle(DEADLINE_S)
    told = json.loads(received(stack, url)["Body"])
    assert (told["responsePayload"], told["requestContext"]["condition"]) == ("alias", "Success")


@pytest.mark.parametrize(("size", "taken"), [(MIB, True), (MIB + 1, False)])
def test_a_queued_event_may_have_one_megabyte(size: int, taken: bool, stack: EmbeddedStack, deploy: Deploy) -> None:
    name, event = deploy("def handler(event, context): pass"), b'"' + b"x" * (size - 2) + b'"'
    invoke = stack.client("lambda").invoke
    if taken:
        assert invoke(FunctionName=name, InvocationType="Event", Payload=event)["StatusCode"] == 202
        stack.settle(DEADLINE_S)
        return
    with pytest.raises(ClientError) as refused:
        invoke(FunctionName=name, InvocationType="Event", Payload=event)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert f"{size} byte payload is too large for the Event invocation type" in str(refused.value)


def configure(
    stack: EmbeddedStack,
    name: str,
    *,
    retries: int = 2,
    age_s: int = 6 * HOURS_S,
    destination: dict[str, Any] | None = None,
    **where: str,
) -> None:
    """Say how often and how long events are tried, and who is told what came of them."""
    stack.client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        MaximumRetryAttempts=retries,
        MaximumEventAgeInSeconds=age_s,
        DestinationConfig=destination or {},
        **where,
    )

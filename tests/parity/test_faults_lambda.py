"""Faults on invocations: what the caller and the log see, and what the handler has done by then."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.event_source_kit import until, zipped
from tests.parity.lambda_kit import counted
from tests.parity.test_faults import ACCOUNT
from tests.parity.test_faults_streams import once
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

POINT = "lambda.invoke"
TIMEOUT_S = 30
CALLS = 3
HANDLER = f"""
import os
import boto3

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
born = os.getpid()

def handler(event, context):
    for number in range({CALLS}):
        s3.put_object(Bucket=event["bucket"], Key=f"{{event['key']}}/{{number}}", Body=b"x")
    return {{"pid": born, "agent": s3.meta.config.user_agent_extra, "variables": sorted(os.environ)}}
"""


@dataclass(frozen=True)
class Writer:
    """A function that writes three objects below a key; the bucket has its name."""

    stack: EmbeddedStack
    name: str

    def build(self) -> "Writer":
        self.stack.client("s3").create_bucket(Bucket=self.name)
        functions = self.stack.client("lambda")
        functions.create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=f"arn:aws:iam::{ACCOUNT}:role/{self.name}",
            Handler="index.handler",
            Timeout=TIMEOUT_S,
            MemorySize=256,
            Code={"ZipFile": zipped(HANDLER)},
        )
        until(lambda: functions.get_function_configuration(FunctionName=self.name)["State"] == "Active")
        return self

    def invoke(self, key: str) -> tuple[str, Any, str]:
        """FunctionError (empty for none), the answer, and the log."""
        import base64

        payload = json.dumps({"bucket": self.name, "key": key})
        answer = self.stack.client("lambda").invoke(FunctionName=self.name, Payload=payload, LogType="Tail")
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        return answer.get("FunctionError", ""), json.load(answer["Payload"]), log

    def written(self, key: str) -> int:
        """How many of the three objects are there."""
        listed = self.stack.client("s3").list_objects_v2(Bucket=self.name, Prefix=f"{key}/")
        return int(listed["KeyCount"])

    def fault(self, action: str, **rest: Any) -> Any:
        """The fault for a block; it strikes one invocation."""
        return self.stack.faults.set(POINT, action, match={"function": self.name}, **{"count": 1, **rest})


@pytest.fixture(scope="module")
def built(stack: EmbeddedStack) -> Writer:
    return Writer(stack, f"writer-{uuid.uuid4().hex[:8]}").build()


@pytest.fixture
def writer(built: Writer) -> Iterator[Writer]:
    yield built
    built.stack.control.clear_faults()


@pytest.mark.fault(POINT, "init-error", "error-before", "error-after", "timeout", "out-of-memory", "slow")
@pytest.mark.parametrize(
    ("action", "parameters", "error_type", "text", "done"),
    [
        ("init-error", {}, "Runtime.ExitError", "Runtime exited with error: exit status 1", 0),
        ("error-before", {}, "ConnectionError", "Connection reset by peer", 0),
        ("error-after", {"type": "KeyError", "message": "'x'"}, "KeyError", "'x'", CALLS),
        ("timeout", {}, "Sandbox.Timedout", f"Task timed out after {TIMEOUT_S:.2f} seconds", CALLS),
        ("out-of-memory", {}, "Runtime.OutOfMemory", "Runtime exited with error: signal: killed", CALLS),
    ],
)
def test_a_spoiled_invocation_is_told_as_aws_tells_it(
    action: str, parameters: dict[str, Any], error_type: str, text: str, done: int, writer: Writer
) -> None:
    with writer.fault(action, **parameters) as fault:
        error, answer, log = writer.invoke(action)
        assert error == "Unhandled"
        assert answer["errorType"] == error_type
        assert answer["errorMessage"].endswith(text)
        assert writer.written(action) == done
        [firing] = fault.firings()
        assert (firing["action"], firing["target"]["function"]) == (action, writer.name)
    assert log.count("REPORT RequestId") == 1
    assert writer.invoke(f"{action}-again")[0] == ""


@pytest.mark.fault(POINT, "crash-before", "crash-after")
@pytest.mark.parametrize(("action", "call", "done"), [("crash-before", 2, 1), ("crash-after", 2, 2)])
def test_a_process_dies_at_its_nth_call(action: str, call: int, done: int, writer: Writer) -> None:
    with writer.fault(action, call=call) as fault:
        error, answer, _ = writer.invoke(action)
        assert (error, answer["errorType"]) == ("Unhandled", "Runtime.ExitError")
        assert writer.written(action) == done
        assert len(fault.firings()) == 1
    assert writer.invoke(f"{action}-again")[0] == ""


@pytest.mark.fault(POINT, "throttle")
def test_a_throttled_invocation_is_refused_and_costs_no_environment(writer: Writer) -> None:
    before = writer.invoke("warm")[1]["pid"]
    client = once(writer.stack, "lambda")
    with writer.fault("throttle"), pytest.raises(client.exceptions.TooManyRequestsException) as refusal:
        client.invoke(FunctionName=writer.name, Payload=b"{}")
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert refusal.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert writer.invoke("after")[1]["pid"] == before
    assert counted(writer.stack, writer.name, "Throttles") == {"Throttles": 1}


@pytest.mark.fault(POINT, "cold-start")
def test_a_cold_start_runs_in_a_new_process(writer: Writer) -> None:
    before = writer.invoke("warm")[1]["pid"]
    with writer.fault("cold-start", count=2) as fault:
        pids = {writer.invoke(f"cold-{n}")[1]["pid"] for n in range(2)}
        assert len(fault.firings()) == 2
    assert len(pids | {before}) == 3


@pytest.mark.fault(POINT, "slow")
def test_a_slow_invocation_takes_emulator_time_and_may_time_out(writer: Writer) -> None:
    writer.invoke("warm")
    with writer.fault("slow", delay_s=0.2):
        error, _, log = writer.invoke("slow")
        assert error == ""
    duration = float(log.partition("REPORT RequestId")[2].partition("Duration: ")[2].split()[0])
    assert duration > 0
    with writer.fault("slow", delay_s=TIMEOUT_S + 1.0) as fault:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor() as pool:
            answer = pool.submit(writer.invoke, "too-slow")
            until(lambda: bool(fault.firings()))
            writer.stack.control.advance_clock(TIMEOUT_S + 1.0)
            assert answer.result()[1]["errorType"] == "Sandbox.Timedout"
    assert writer.written("too-slow") == 0


def test_calls_are_told_apart_by_the_function_that_makes_them(writer: Writer) -> None:
    match = {"caller": writer.name, "operation": "PutObject"}
    with writer.stack.faults.error_before("aws.call", match=match, code="AccessDenied") as fault:
        error, answer, _ = writer.invoke("denied")
        assert error == "Unhandled"
        assert "(AccessDenied) when calling the PutObject operation: Access Denied" in answer["errorMessage"]
        writer.stack.client("s3").put_object(Bucket=writer.name, Key="denied/mine", Body=b"")
        assert {firing["target"]["caller"] for firing in fault.firings()} == {writer.name}


def test_a_function_cannot_tell_that_faults_are_set(writer: Writer) -> None:
    plain = writer.invoke("plain")[1]
    with writer.fault("crash-before", call=CALLS + 1):
        struck = writer.invoke("struck")[1]
    assert struck == plain
    assert not [name for name in plain["variables"] if "WAVETANK" in name]


def test_fis_action_ids_are_accepted(writer: Writer) -> None:
    document = {"action": "aws:lambda:invocation-error", "match": {"function": writer.name}}
    writer.stack.control.add_fault(document)
    assert writer.invoke("fis")[0] == "Unhandled"
    with pytest.raises(ClientError):
        writer.stack.client("s3").head_object(Bucket=writer.name, Key="fis/0")

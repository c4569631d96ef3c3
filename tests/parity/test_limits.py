"""An account that is held to limits is refused as on AWS, and what is refused is counted; without, nothing is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import DEADLINE_S, GATED, Deploy, Held, counted
from wavetank.emulator.errors import ControlRefused
from wavetank.emulator.limits.register import Limit
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

STREAM = "held-to-limits"


@pytest.fixture(autouse=True)
def _released(stack: EmbeddedStack) -> Iterator[None]:
    yield
    stack.control.release_limits()


@pytest.fixture
def stream(stack: EmbeddedStack) -> Iterator[str]:
    kinesis = stack.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    yield STREAM
    kinesis.delete_stream(StreamName=STREAM)


def client(stack: EmbeddedStack, service: str) -> Any:
    """A client that makes each call once."""
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=stack.endpoint_url,
        region_name=stack.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def code_of(call: Any, **parameters: Any) -> str:
    """The error code of a call; empty for a call that is answered."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def refused(stack: EmbeddedStack, limit: Limit) -> int:
    return next(int(each["refused"]) for each in stack.control.limits() if each["name"] == limit)


def test_an_invocation_beyond_the_concurrency_of_the_account_is_throttled_and_counted(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    busy, other = deploy(GATED), deploy(GATED)
    stack.settle(DEADLINE_S)
    stack.control.enforce_limit(Limit.ACCOUNT_CONCURRENCY, 1)
    held = Held(stack, busy, tmp_path / "gate")
    url = f"{stack.endpoint_url}/2015-03-31/functions/{other}/invocations"
    answer = requests.post(url, timeout=DEADLINE_S)
    assert isinstance(held.release(), int)
    assert answer.status_code == 429
    assert answer.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert answer.json()["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert refused(stack, Limit.ACCOUNT_CONCURRENCY) >= 1
    assert counted(stack, other, "Throttles") == {"Throttles": 1}


def test_the_account_says_which_concurrency_it_is_held_to(stack: EmbeddedStack, deploy: Deploy, tmp_path: Path) -> None:
    name = deploy(GATED)
    stack.control.enforce_limit(Limit.ACCOUNT_CONCURRENCY, 7)
    Held(stack, name, tmp_path / "gate").release()
    settings = stack.client("lambda").get_account_settings()["AccountLimit"]
    assert settings["ConcurrentExecutions"] == 7
    stack.control.release_limits()
    Held(stack, name, tmp_path / "gate").release()
    assert stack.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 1_000


def test_a_full_shard_refuses_the_records_that_do_not_fit(stack: EmbeddedStack, stream: str) -> None:
    stack.control.enforce_limit(Limit.SHARD_LIMITS, 3)
    records = [{"Data": b"x", "PartitionKey": "k"}] * 5
    answer = client(stack, "kinesis").put_records(StreamName=stream, Records=records)
    codes = [record.get("ErrorCode", "") for record in answer["Records"]]
    assert codes == ["", "", ""] + ["ProvisionedThroughputExceededException"] * 2
    assert refused(stack, Limit.SHARD_LIMITS) == 2


def test_who_calls_an_operation_on_streams_too_often_is_refused_until_a_second_later(
    stack: EmbeddedStack, stream: str
) -> None:
    stack.control.enforce_limit(Limit.KINESIS_CALLS, 1)
    kinesis = client(stack, "kinesis")
    stack.control.advance_clock(1)
    assert code_of(kinesis.describe_stream_summary, StreamName=stream) == ""
    codes = {code_of(kinesis.describe_stream_summary, StreamName=stream) for _ in range(5)}
    assert "LimitExceededException" in codes
    assert refused(stack, Limit.KINESIS_CALLS) >= 1
    stack.control.advance_clock(1)
    assert code_of(kinesis.describe_stream_summary, StreamName=stream) == ""


def test_records_are_put_and_read_whatever_the_rates_of_other_calls(stack: EmbeddedStack, stream: str) -> None:
    stack.control.enforce_limit(Limit.KINESIS_CALLS, 1)
    kinesis = client(stack, "kinesis")
    for _ in range(5):
        kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="k")


def test_who_asks_cloudwatch_too_often_is_throttled(stack: EmbeddedStack) -> None:
    cloudwatch = client(stack, "cloudwatch")
    cloudwatch.describe_alarms()
    stack.control.enforce_limit(Limit.CLOUDWATCH_CALLS, 1)
    codes = {code_of(cloudwatch.describe_alarms) for _ in range(6)}
    assert "Throttling" in codes
    data = [{"MetricName": "things", "Value": 1.0}]
    assert "Throttling" in {code_of(cloudwatch.put_metric_data, Namespace="own", MetricData=data) for _ in range(6)}


def test_without_limits_nothing_is_refused(stack: EmbeddedStack, stream: str) -> None:
    kinesis, cloudwatch = client(stack, "kinesis"), client(stack, "cloudwatch")
    assert {code_of(kinesis.describe_stream_summary, StreamName=stream) for _ in range(40)} == {""}
    assert {code_of(cloudwatch.describe_alarms) for _ in range(12)} == {""}
    assert [limit["value"] for limit in stack.control.limits()] == [None] * len(Limit)


def test_one_limit_is_let_go_of_and_the_others_stay(stack: EmbeddedStack) -> None:
    stack.control.enforce_limit(Limit.SHARD_LIMITS)
    stack.control.enforce_limit(Limit.KINESIS_CALLS, 4)
    stack.control.release_limit(Limit.SHARD_LIMITS)
    values = {limit["name"]: limit["value"] for limit in stack.control.limits()}
    assert (values["shard-limits"], values["kinesis-calls"]) == (None, 4)


def test_what_is_no_limit_is_refused_with_the_rule(stack: EmbeddedStack) -> None:
    with pytest.raises(ControlRefused, match="there is no limit 'nope'; there are: account-concurrency"):
        stack.control.enforce_limit("nope")
    with pytest.raises(ControlRefused, match="a whole number from 1 to 1,000"):
        stack.control.enforce_limit(Limit.SHARD_LIMITS, 5_000)
    with pytest.raises(ControlRefused, match="there is no limit 'nope'"):
        stack.control.release_limit("nope")

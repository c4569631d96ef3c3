"""`wavetank faults | activity | clock | reset`, against a stack."""

import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.e2e.commands import wavetank
from wavetank.emulator.errors import ControlRefused
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack


@pytest.fixture
def url(stack: EmbeddedStack) -> Iterator[str]:
    yield stack.endpoint_url
    stack.control.clear_faults()


def test_a_fault_is_set_strikes_is_told_and_is_cleared(url: str, stack: EmbeddedStack) -> None:
    bucket = f"cli-{uuid.uuid4().hex[:8]}"
    stack.client("s3").create_bucket(Bucket=bucket)
    arguments = ["-m", f"resource={bucket}", "-m", "operation=HeadBucket", "-s", "code=AccessDenied", "--id", "mine"]
    assert wavetank(url, "faults", "add", "aws.call", "error-before", *arguments, "--nth", "1").stdout == "mine\n"
    with pytest.raises(ClientError, match="403"):
        stack.client("s3").head_bucket(Bucket=bucket)
    assert "struck 1 of 1" in wavetank(url, "faults", "list").stdout
    assert f"mine aws.call error-before  service='s3' operation='HeadBucket' resource='{bucket}'" in (
        wavetank(url, "activity").stdout
    )
    wavetank(url, "faults", "clear", "mine")
    assert wavetank(url, "faults", "list").stdout == "no fault is set.\n"


def test_every_condition_can_be_given(url: str) -> None:
    wavetank(
        url, "faults", "add", "s3.notification", "delay", "--every", "2", "--probability", "0.5", "--count", "3",
        "--window", "0:60", "--seed", "7", "--set", "delay_s=5",
    )  # fmt: skip
    [fault] = wavetank(url, "faults", "list", "--json").document
    assert fault["when"] == {"every": 2, "probability": 0.5, "count": 3, "window": [0, 60]}
    assert (fault["seed"], fault["parameters"]) == (7, {"delay_s": 5.0})


def test_the_points_are_listed_with_their_actions(url: str) -> None:
    said = wavetank(url, "faults", "points").stdout
    assert "lambda.invoke: An invocation" in said
    assert "crash-after" in said


def test_what_is_no_fault_is_refused_with_what_is(url: str) -> None:
    with pytest.raises(ControlRefused, match=r"there are: aws\.call"):
        wavetank(url, "faults", "add", "s3", "drop")
    assert wavetank(url, "faults", "add", "s3.notification", "drop", "-m", "key").exit_code == 2


def test_the_clock_is_moved_and_the_stack_reset(url: str, stack: EmbeddedStack) -> None:
    before = float(wavetank(url, "clock").stdout)
    assert float(wavetank(url, "clock", "--advance", "300").stdout) >= before + 300
    stack.control.add_fault({"point": "s3.notification", "action": "drop"})
    wavetank(url, "reset")
    assert stack.control.faults() == []

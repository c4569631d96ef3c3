"""State machines run to their end, on the emulator's clock, with nothing downloaded."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import ROLE, Deploy, until
from wavetank.emulator.errors import NotSettled
from wavetank.emulator.stack.stack import EmbeddedStack

DAY_S = 86_400
COUNT = "def handler(event, context): return {'n': event.get('n', 0) + 1}"
FAILS_AT_FIRST = (
    "import pathlib\n"
    "def handler(event, context):\n"
    "    marker = pathlib.Path(event['marker'])\n"
    "    if not marker.exists():\n"
    "        marker.touch()\n"
    "        raise OSError('not yet')\n"
    "    return 'done'\n"
)

pytestmark = pytest.mark.stack

type Start = Callable[..., str]


@pytest.fixture
def start(stack: EmbeddedStack, request: pytest.FixtureRequest) -> Start:
    """Make a state machine of these states, the first of which comes first, and start it; the execution's ARN."""
    states = stack.client("stepfunctions")

    def begin(definition: dict[str, Any], given: object = None) -> str:
        whole = {"StartAt": next(iter(definition)), "States": definition}
        made = states.create_state_machine(
            name=request.node.name.partition("[")[0][:70], definition=json.dumps(whole), roleArn=ROLE
        )
        request.addfinalizer(lambda: states.delete_state_machine(stateMachineArn=made["stateMachineArn"]))
        begun = states.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(given or {}))
        return str(begun["executionArn"])

    return begin


def outcome(stack: EmbeddedStack, execution: str) -> tuple[str, Any]:
    said = stack.client("stepfunctions").describe_execution(executionArn=execution)
    return said["status"], json.loads(said.get("output", "null"))


def task(function: str, **more: object) -> dict[str, object]:
    parameters = {"FunctionName": function, "Payload.$": "$"}
    invoke = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters}
    return invoke | {"OutputPath": "$.Payload"} | more


def test_a_machine_of_tasks_choices_and_waits_runs_to_its_end_as_the_clock_moves(
    stack: EmbeddedStack, start: Start, deploy: Deploy
) -> None:
    counting = deploy(COUNT)
    choice = {"Variable": "$.n", "NumericLessThan": 2, "Next": "Count"}
    execution = start(
        {
            "Count": task(counting, Next="Wait"),
            "Wait": {"Type": "Wait", "Seconds": DAY_S, "Next": "Enough"},
            "Enough": {"Type": "Choice", "Choices": [choice], "Default": "Done"},
            "Done": {"Type": "Succeed"},
        }
    )
    for _ in range(2):
        until(lambda: _waits(stack))
        assert outcome(stack, execution)[0] == "RUNNING"
        stack.control.advance_clock(DAY_S)
    stack.settle()
    assert outcome(stack, execution) == ("SUCCEEDED", {"n": 2})


def _waits(stack: EmbeddedStack) -> bool:
    try:
        stack.settle(0)
    except NotSettled as error:
        return any(item.hop == "states.wait" and item.waits(stack.control.now()) for item in error.pending)
    return False


def test_a_timestamp_is_waited_for_in_emulator_time(stack: EmbeddedStack, start: Start) -> None:
    due = datetime.fromtimestamp(stack.control.advance_clock(0) + DAY_S, UTC)
    execution = start({"Wait": {"Type": "Wait", "Timestamp": f"{due:%Y-%m-%dT%H:%M:%SZ}", "End": True}})
    until(lambda: _waits(stack))
    stack.control.advance_clock(DAY_S)
    stack.settle()
    assert outcome(stack, execution)[0] == "SUCCEEDED"


def test_a_retry_waits_in_emulator_time(stack: EmbeddedStack, start: Start, deploy: Deploy, tmp_path: Any) -> None:
    failing = deploy(FAILS_AT_FIRST)
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": DAY_S, "MaxAttempts": 1}]
    execution = start({"Task": task(failing, Retry=retry, End=True)}, {"marker": str(tmp_path / "marker")})
    until(lambda: _waits(stack))
    stack.control.advance_clock(DAY_S)
    stack.settle()
    assert outcome(stack, execution) == ("SUCCEEDED", "done")


def test_an_execution_that_waits_can_be_stopped(stack: EmbeddedStack, start: Start) -> None:
    execution = start({"Wait": {"Type": "Wait", "Seconds": DAY_S, "End": True}})
    until(lambda: _waits(stack))
    stack.client("stepfunctions").stop_execution(executionArn=execution)
    stack.settle()
    assert outcome(stack, execution)[0] == "ABORTED"


@pytest.mark.parametrize(
    ("definition", "where"),
    [
        ({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, "machine"),
        ({"StartAt": "P", "States": {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "End": True}}}, "state P"),
        (
            {
                "StartAt": "M",
                "States": {
                    "M": {
                        "Type": "Map",
                        "ItemProcessor": {
                            "StartAt": "P",
                            "States": {"P": {"Type": "Pass", "QueryLanguage": "JSONata", "End": True}},
                        },
                        "End": True,
                    }
                },
            },
            "state P",
        ),
    ],
)
def test_jsonata_is_refused_when_a_machine_is_made(stack: EmbeddedStack, definition: object, where: str) -> None:
    with pytest.raises(ClientError, match=f"QueryLanguage JSONata of .*{where} is not supported") as refusal:
        stack.client("stepfunctions").create_state_machine(
            name="jsonata", definition=json.dumps(definition), roleArn=ROLE
        )
    assert refusal.value.response["Error"]["Code"] == "InvalidDefinition"

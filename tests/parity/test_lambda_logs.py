"""The log of a function in both formats, and who may write it.

Sources: Lambda developer guide, "Log and monitor Python Lambda functions", "Configuring advanced logging controls for
your Lambda function", "Defining Lambda function permissions with an execution role".
"""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.parity.cloudformation_kit import Formation, resource
from tests.parity.lambda_kit import DEADLINE_S, Deploy, invoke, settled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

LOGS = (
    "import logging\n"
    "LOG = logging.getLogger('orders')\n"
    "def handler(event, context):\n"
    "    LOG.debug('looked at')\n"
    "    LOG.info('took %s', event, extra={'order': 7, 'bytes': 1.5, 'parts': ['a'], 'none': None})\n"
    "    LOG.warning('watch\\nout')\n"
    "    print('printed')\n"
    "    try:\n"
    "        {}['key']\n"
    "    except KeyError:\n"
    "        LOG.exception('not there')\n"
    "    if event == 'fail':\n"
    "        raise ValueError('failed')\n"
)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Written = Callable[[str, dict[str, Any]], list[str]]


@pytest.fixture
def written(stack: EmbeddedStack, deploy: Deploy) -> Written:
    """The lines of one invocation of `LOGS` with an event, under a logging configuration."""

    def write(event: str, config: dict[str, Any]) -> list[str]:
        name = deploy(LOGS)
        stack.client("lambda").update_function_configuration(FunctionName=name, LoggingConfig=config)
        settled(stack, name)
        stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        stack.settle(DEADLINE_S)
        logged = stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return [event["message"].rstrip("\n") for event in logged]

    return write


def own_lines(lines: list[str]) -> list[dict[str, Any]]:
    """The objects that the handler logged, without those of the platform."""
    objects = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in objects if line.get("logger") == "orders"]


def test_records_in_json_have_their_extra_fields_at_the_top_level(written: Written) -> None:
    lines = written("x", {"LogFormat": "JSON"})
    took, warned, failed = own_lines(lines)
    assert TIMESTAMP.fullmatch(took.pop("timestamp"))
    request_id = took.pop("requestId")
    assert took == {
        "level": "INFO", "message": "took x", "logger": "orders", "order": 7, "bytes": 1.5, "parts": ["a"],
    }  # fmt: skip
    assert (warned["level"], warned["message"], warned["requestId"]) == ("WARNING", "watch\nout", request_id)
    assert (failed["level"], failed["errorType"], failed["errorMessage"]) == ("ERROR", "KeyError", "'key'")
    assert "{}['key']" in failed["stackTrace"][0]
    assert "printed" in lines


@pytest.mark.parametrize(
    ("level", "least"), [("DEBUG", "DEBUG"), ("INFO", "INFO"), ("WARN", "WARNING"), ("ERROR", "ERROR")]
)
def test_the_application_log_level_leaves_out_what_is_below_it(written: Written, level: str, least: str) -> None:
    lines = own_lines(written("x", {"LogFormat": "JSON", "ApplicationLogLevel": level}))
    levels = ["DEBUG", "INFO", "WARNING", "ERROR"]
    assert [line["level"] for line in lines] == levels[levels.index(least) :]


def test_an_error_that_the_handler_raises_is_a_line_of_json_with_its_type(written: Written) -> None:
    lines = [json.loads(line) for line in written("fail", {"LogFormat": "JSON"}) if line.startswith("{")]
    [error] = [line for line in lines if line.get("errorType") == "ValueError"]
    assert error["errorMessage"] == "failed"
    assert error["stackTrace"]
    assert error["requestId"]


def test_records_in_text_have_level_time_request_and_message(written: Written) -> None:
    lines = written("x", {"LogFormat": "Text"})
    [warned] = [line for line in lines if line.startswith("[WARNING]")]
    _level, time, request_id, message = warned.split("\t")
    assert TIMESTAMP.fullmatch(time)
    assert re.fullmatch(r"[0-9a-f-]{36}", request_id)
    assert message == "watch"
    assert not [line for line in lines if "took" in line]
    assert [line for line in lines if line.startswith("[ERROR]")]


@pytest.mark.parametrize("folder", ["/aws/lambda", "/of-another-name"])
def test_a_role_that_may_make_no_group_writes_into_one_that_is_there(stack: EmbeddedStack, folder: str) -> None:
    formation = Formation(stack)
    name = f"{formation.name}-function"
    group = f"arn:aws:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{folder}/{name}-log:*"
    statement = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": [{"Fn::Sub": group}],
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}],
    }
    function = {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): print('said')"},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": {"Ref": "Group"}},
    }
    stack.control.govern(formation.name)
    formation.create(
        {
            "Group": resource("Logs::LogGroup", {"LogGroupName": f"{folder}/{name}-log"}),
            "Role": resource("IAM::Role", role),
            "Function": resource("Lambda::Function", function),
        }
    )
    invoke(stack, name)
    stack.settle(DEADLINE_S)
    logged = stack.client("logs").filter_log_events(logGroupName=f"{folder}/{name}-log")["events"]
    assert "said\n" in [event["message"] for event in logged]
    formation.delete()


SAYS_WHERE = (
    "def handler(event, context):\n"
    "    print('said', event)\n"
    "    return context.log_group_name, context.log_stream_name\n"
)


def test_functions_of_one_log_group_write_there_each_into_streams_that_name_it(
    stack: EmbeddedStack, deploy: Deploy
) -> None:
    """Lambda developer guide, "Configuring CloudWatch log groups"; API reference, LoggingConfig."""
    logs, group = stack.client("logs"), f"shared/{uuid.uuid4().hex[:8]}"
    names = [deploy(SAYS_WHERE), deploy(SAYS_WHERE)]
    for name in names:
        stack.client("lambda").update_function_configuration(FunctionName=name, LoggingConfig={"LogGroup": group})
        settled(stack, name)
        told, stream = invoke(stack, name, name)
        assert told == group
        assert re.fullmatch(rf"\d{{4}}/\d\d/\d\d/{name}\[\$LATEST\]\[[0-9a-f]+\]", stream)
        stack.settle(DEADLINE_S)
        logged = logs.filter_log_events(logGroupName=group, logStreamNames=[stream])["events"]
        assert f"said {name}\n" in [event["message"] for event in logged]
    assert len(logs.describe_log_streams(logGroupName=group)["logStreams"]) == len(names)
    for name in names:
        assert logs.describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}")["logGroups"] == []
    logs.delete_log_group(logGroupName=group)

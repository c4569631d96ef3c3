"""Functions through the Lambda API of a running stack: deployed, invoked, updated, throttled, killed with it."""

import base64
import io
import json
import os
import signal
import uuid
import zipfile
from pathlib import Path

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import (
    DEADLINE_S,
    ECHO,
    GATED,
    ROLE,
    Deploy,
    Held,
    counted,
    invoke,
    is_active,
    package,
    settled,
    until,
)
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack


def test_a_handler_whose_package_lacks_a_library_fails_as_on_aws(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("import fastavro\ndef handler(event, context): return 'imported'")
    response = stack.client("lambda").invoke(FunctionName=name)
    answer = json.load(response["Payload"])
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Runtime.ImportModuleError"
    assert answer["errorMessage"] == "Unable to import module 'handler': No module named 'fastavro'"


def test_a_function_reaches_the_stack_without_being_told_where_it_is(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy(
        "import boto3\ndef handler(event, context): return boto3.client('sts').get_caller_identity()['Account']\n"
    )
    assert invoke(stack, name) == stack.account


def test_the_log_goes_to_the_tail_and_to_the_stream_that_the_handler_knows(
    stack: EmbeddedStack, deploy: Deploy
) -> None:
    name = deploy("def handler(event, context):\n    print('said', event)\n    return context.log_stream_name\n")
    response = stack.client("lambda").invoke(FunctionName=name, Payload=b"7", LogType="Tail")
    stream = json.load(response["Payload"])
    tail = base64.b64decode(response["LogResult"]).decode()
    assert "said 7\n" in tail
    assert "REPORT RequestId: " in tail

    stack.settle(DEADLINE_S)
    found = stack.client("logs").get_log_events(
        logGroupName=f"/aws/lambda/{name}", logStreamName=stream, startFromHead=True
    )
    assert [event["message"].strip() for event in found["events"]] == [line.strip() for line in tail.splitlines()]


def test_every_invocation_and_every_error_is_counted(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("def handler(event, context): return 1 / event")
    for event in (b"1", b"0", b"2"):
        stack.client("lambda").invoke(FunctionName=name, Payload=event)
    assert counted(stack, name, "Invocations", "Errors") == {"Invocations": 3, "Errors": 1}


def test_beyond_the_reserved_concurrency_an_invocation_is_throttled(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    name = deploy(GATED)
    stack.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    held = Held(stack, name, tmp_path / "gate")
    refused = requests.post(f"{stack.endpoint_url}/2015-03-31/functions/{name}/invocations", timeout=DEADLINE_S)
    assert isinstance(held.release(), int)
    assert refused.status_code == 429
    assert refused.headers["x-amzn-errortype"] == "TooManyRequestsException"
    assert refused.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert counted(stack, name, "Throttles", "Invocations") == {"Throttles": 1, "Invocations": 1}


def test_two_events_at_once_run_in_two_environments(stack: EmbeddedStack, deploy: Deploy, tmp_path: Path) -> None:
    name = deploy(GATED)
    both = [Held(stack, name, tmp_path / gate) for gate in ("one", "two")]
    assert len({held.release() for held in both}) == 2


def test_new_code_serves_after_an_update_and_a_running_invocation_ends_well(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    name = deploy(GATED)
    held = Held(stack, name, tmp_path / "gate")
    stack.client("lambda").update_function_code(FunctionName=name, ZipFile=package(ECHO))
    settled(stack, name)
    assert invoke(stack, name, "new") == "new"
    assert isinstance(held.release(), int)
    stack.settle(DEADLINE_S)
    logged = stack.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert "held no more\n" in [event["message"] for event in logged]


def test_a_package_that_is_damaged_fails_the_deployment_which_can_be_deleted(
    stack: EmbeddedStack, deploy: Deploy
) -> None:
    archive = bytearray(package("text = 'this is damaged'"))
    archive[archive.index(b"damaged")] ^= 1
    name = deploy("", Code={"ZipFile": bytes(archive)})
    found = settled(stack, name)
    assert found["State"] == "Failed"
    assert "Could not unzip uploaded file: Bad CRC-32 for file 'handler.py'" in found["StateReason"]
    response = stack.client("lambda").delete_function(FunctionName=name)
    assert response["ResponseMetadata"]["HTTPStatusCode"] < 300


def test_a_changed_configuration_replaces_the_environment(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("import os\ndef handler(event, context): return os.environ['MODE']", Environment=mode("one"))
    assert invoke(stack, name) == "one"
    stack.client("lambda").update_function_configuration(FunctionName=name, Environment=mode("two"))
    settled(stack, name)
    assert invoke(stack, name) == "two"


def mode(value: str) -> dict[str, dict[str, str]]:
    return {"Variables": {"MODE": value}}


def test_a_published_version_keeps_its_code(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("def handler(event, context): return context.function_version")
    version = stack.client("lambda").publish_version(FunctionName=name)["Version"]
    stack.client("lambda").update_function_code(FunctionName=name, ZipFile=package(ECHO))
    settled(stack, name)
    until(lambda: is_active(stack, name, version))
    assert invoke(stack, name, Qualifier=version) == version
    assert invoke(stack, name, "latest") == "latest"


def test_layers_are_merged_in_their_order(stack: EmbeddedStack, deploy: Deploy) -> None:
    arns = []
    for number in (1, 2):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("python/module.py", f"NUMBER = {number}")
            archive.writestr(f"python/only_{number}.py", "")
        published = stack.client("lambda").publish_layer_version(
            LayerName=f"layer-{uuid.uuid4().hex[:8]}", Content={"ZipFile": buffer.getvalue()}
        )
        arns.append(published["LayerVersionArn"])
    source = "import module, only_1, only_2\ndef handler(event, context): return module.NUMBER"
    assert invoke(stack, deploy(source, Layers=arns)) == 2


@pytest.mark.parametrize(("size", "status"), [(6 * 1024 * 1024, 200), (6 * 1024 * 1024 + 1, 413)])
def test_an_event_may_have_six_megabytes(size: int, status: int, stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("def handler(event, context): return len(event)", MemorySize=512)
    try:
        response = stack.client("lambda").invoke(FunctionName=name, Payload=b'"' + b"x" * (size - 2) + b'"')
        assert json.load(response["Payload"]) == size - 2
    except ClientError as error:
        response = error.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_asynchronous_event_has_run_when_the_stack_has_settled(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    name, ran = deploy("import pathlib\ndef handler(event, context): pathlib.Path(event).touch()"), tmp_path / "ran"
    stack.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(str(ran)))
    stack.settle(DEADLINE_S)
    assert ran.exists()


def test_no_function_outlives_a_stack_that_is_killed(own_home: Home) -> None:
    with EmbeddedStack.up(home=own_home) as stack:
        name = "killed"
        stack.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=ROLE,
            Handler="handler.handler",
            Code={"ZipFile": package("import os\ndef handler(event, context): return os.getpid()")},
        )
        settled(stack, name)
        function = psutil.Process(invoke(stack, name))
        os.kill(stack.pid, signal.SIGKILL)
        until(lambda: not function.is_running() or function.status() == psutil.STATUS_ZOMBIE)

"""Runtimes through the Lambda API: functions that bring their own, and what is refused when it is asked for."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import ECHO, ROLE, Deploy, invoke, package, settled
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

BOOTSTRAP = """#!/bin/sh
set -eu
api="http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation"
while true; do
  event=$(curl -sS -D "$TMPDIR/headers" "$api/next")
  id=$(grep -i '^Lambda-Runtime-Aws-Request-Id:' "$TMPDIR/headers" | tr -d '[:space:]' | cut -d: -f2)
  echo "event $event"
  answer="{\\"event\\": $event, \\"mode\\": \\"$MODE\\", \\"layer\\": \\"$(greet)\\"}"
  curl -sS -o /dev/null -d "$answer" "$api/$id/response"
done
"""
UNAVAILABLE = ("nodejs22.x", "java21", "dotnet8", "ruby3.4", "python3.8", "go1.x")


def programs(**sources: str) -> bytes:
    """An archive of programs; two underscores in a name stand for a slash."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in sources.items():
            member = zipfile.ZipInfo(name.replace("__", "/"))
            member.external_attr = 0o755 << 16
            archive.writestr(member, source)
    return buffer.getvalue()


@pytest.mark.parametrize("runtime", ["provided.al2023", "provided.al2"])
def test_a_function_may_bring_its_own_runtime_and_a_layer(runtime: str, stack: EmbeddedStack, deploy: Deploy) -> None:
    layer = stack.client("lambda").publish_layer_version(
        LayerName=f"programs-{runtime.replace('.', '-')}",
        Content={"ZipFile": programs(bin__greet="#!/bin/sh\necho hello\n")},
        CompatibleRuntimes=[runtime],
    )
    name = deploy(
        "",
        Runtime=runtime,
        Handler="any",
        Code={"ZipFile": programs(bootstrap=BOOTSTRAP)},
        Layers=[layer["LayerVersionArn"]],
        Environment={"Variables": {"MODE": "test"}},
    )
    response = stack.client("lambda").invoke(FunctionName=name, Payload=b'{"a": 1}', LogType="Tail")
    assert json.load(response["Payload"]) == {"event": {"a": 1}, "mode": "test", "layer": "hello"}
    assert 'event {"a": 1}\n' in base64.b64decode(response["LogResult"]).decode()
    assert invoke(stack, name, [2])["event"] == [2]


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(refused.value.response["Error"]["Message"])


def function(**changes: Any) -> dict[str, Any]:
    return {
        "FunctionName": "refused",
        "Runtime": "python3.13",
        "Role": ROLE,
        "Handler": "handler.handler",
        "Code": {"ZipFile": package(ECHO)},
    } | changes


@pytest.mark.parametrize("runtime", UNAVAILABLE)
def test_a_runtime_that_is_not_here_is_refused_with_those_that_are(runtime: str, stack: EmbeddedStack) -> None:
    client = stack.client("lambda")
    message = refusal(client.create_function, **function(Runtime=runtime))
    assert f"The runtime {runtime} " in message
    assert "python3.13" in message
    assert "provided.al2023" in message
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="refused")


def test_a_container_image_is_refused(stack: EmbeddedStack) -> None:
    image = {"FunctionName": "refused", "Role": ROLE, "PackageType": "Image", "Code": {"ImageUri": "repository:latest"}}
    assert "deploy the function as a .zip package" in refusal(stack.client("lambda").create_function, **image)


def test_a_function_keeps_its_runtime_where_it_is_given_one_that_is_not_here(
    stack: EmbeddedStack, deploy: Deploy
) -> None:
    name = deploy(ECHO)
    message = refusal(stack.client("lambda").update_function_configuration, FunctionName=name, Runtime="java21")
    assert "The runtime java21 is not emulated" in message
    assert settled(stack, name)["Runtime"] == "python3.13"
    assert invoke(stack, name, 7) == 7


def test_a_runtime_that_aws_does_not_know_is_refused_in_its_words(stack: EmbeddedStack) -> None:
    message = refusal(stack.client("lambda").create_function, **function(Runtime="cobol85"))
    assert message.startswith("Value cobol85 at 'runtime' failed to satisfy constraint")


def test_an_archive_that_can_never_be_unpacked_is_refused_wherever_it_is_uploaded(
    stack: EmbeddedStack, deploy: Deploy
) -> None:
    client, name = stack.client("lambda"), deploy(ECHO)
    archives = {
        "'x' is both a file and a folder": programs(x="", x__y=""),
        "is too long": programs(**{"a__" * 2000: ""}),
        "'../outside.py', which leads outside": programs(**{"..__outside.py": ""}),
    }
    for reason, archive in archives.items():
        for call, request in (
            (client.create_function, function(Code={"ZipFile": archive})),
            (client.update_function_code, {"FunctionName": name, "ZipFile": archive}),
            (client.publish_layer_version, {"LayerName": "refused", "Content": {"ZipFile": archive}}),
        ):
            message = refusal(call, **request)
            assert message.startswith("Could not unzip uploaded file: ")
            assert reason in message
    assert invoke(stack, name, 7) == 7


def test_what_is_no_archive_is_refused_in_the_words_of_aws(stack: EmbeddedStack) -> None:
    message = refusal(stack.client("lambda").create_function, **function(Code={"ZipFile": b"no archive"}))
    assert message == "Could not unzip uploaded file. Please check your file, then try to upload again."

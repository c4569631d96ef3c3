"""Which environment an invocation meets: the last used, a provisioned one, a version's, an alias's, or none."""

import base64
import io
import json
import time
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from botocore.exceptions import ClientError

from tests.parity.lambda_kit import DEADLINE_S, ECHO, GATED, Deploy, Held, invoke, is_active, settled, until
from wavetank.emulator.stack.environment import KEEP_ALIVE_S
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

WHO = "def handler(event, context): return [context.function_version, context.invoked_function_arn.split(':')[7:]]"


def test_of_two_free_environments_the_one_used_last_is_used_again(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    name = deploy(GATED)
    first, second = Held(stack, name, tmp_path / "one"), Held(stack, name, tmp_path / "two")
    newer, older = second.release(), first.release()
    assert newer != older
    gate = tmp_path / "gate"
    assert [Held(stack, name, gate).release() for _ in range(3)] == [older] * 3
    both = [Held(stack, name, tmp_path / "three"), Held(stack, name, tmp_path / "four")]
    assert [held.release() for held in both] == [older, newer]


def test_with_no_concurrency_at_all_every_invocation_is_throttled(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy(ECHO)
    stack.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    refused = requests.post(f"{stack.endpoint_url}/2015-03-31/functions/{name}/invocations", timeout=DEADLINE_S)
    assert refused.status_code == 429
    assert refused.json()["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    stack.client("lambda").delete_function_concurrency(FunctionName=name)
    assert invoke(stack, name, 1) == 1


def test_provisioned_environments_are_used_first_and_others_beyond_them(
    stack: EmbeddedStack, deploy: Deploy, tmp_path: Path
) -> None:
    source = GATED.replace("return os.getpid()", "return os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']")
    name = deploy(source)
    version = published(stack, name)
    client = stack.client("lambda")
    client.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1)
    until(lambda: provisioned(stack, name, version)["Status"] == "READY")
    both = [Held(stack, name, tmp_path / gate, Qualifier=version) for gate in ("one", "two")]
    assert [held.release() for held in both] == ["provisioned-concurrency", "on-demand"]
    assert Held(stack, name, tmp_path / "latest").release() == "on-demand"


def test_a_function_that_does_not_load_cannot_be_provisioned(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("raise LookupError('no such table')")
    version = published(stack, name)
    stack.client("lambda").put_provisioned_concurrency_config(
        FunctionName=name, Qualifier=version, ProvisionedConcurrentExecutions=1
    )
    found = until(lambda: ended(provisioned(stack, name, version)))
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")


def test_an_alias_runs_the_version_it_points_to(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy(WHO)
    version = published(stack, name)
    client = stack.client("lambda")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert invoke(stack, name, Qualifier="live") == [version, ["live"]]
    client.update_function_configuration(FunctionName=name, Description="changed")
    settled(stack, name)
    second = published(stack, name)
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=second)
    assert invoke(stack, name, Qualifier="live") == [second, ["live"]]
    assert invoke(stack, name, Qualifier=version) == [version, [version]]
    assert invoke(stack, name) == ["$LATEST", []]


def test_an_environment_that_is_idle_for_an_hour_ends(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("import os\ndef handler(event, context): return os.getpid()")
    idle = psutil.Process(invoke(stack, name))
    stack.control.advance_clock(KEEP_ALIVE_S - 60)
    assert invoke(stack, name) == idle.pid
    stack.control.advance_clock(KEEP_ALIVE_S + 1)
    until(lambda: not idle.is_running())
    assert invoke(stack, name) != idle.pid


def test_after_an_update_the_old_environments_are_gone(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy("import os\ndef handler(event, context): return os.getpid()")
    old = psutil.Process(invoke(stack, name))
    stack.client("lambda").update_function_configuration(FunctionName=name, Description="changed")
    settled(stack, name)
    assert invoke(stack, name) != old.pid
    until(lambda: not old.is_running())


def test_the_client_context_reaches_the_handler_and_no_later_one(stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy(
        "def handler(event, context):\n"
        "    told = context.client_context\n"
        "    return told and [told.custom, told.env, told.client.app_title]\n"
    )
    said = {"custom": {"tenant": "Ä"}, "env": {"locale": "de"}, "client": {"app_title": "tide"}}
    encoded = base64.b64encode(json.dumps(said).encode()).decode()
    assert invoke(stack, name, ClientContext=encoded) == [{"tenant": "Ä"}, {"locale": "de"}, "tide"]
    assert invoke(stack, name) is None


@pytest.mark.parametrize(
    "request_", [{"ClientContext": "no base64"}, {"Payload": b"{not json"}], ids=["context", "event"]
)
def test_what_is_no_json_is_refused(request_: dict[str, Any], stack: EmbeddedStack, deploy: Deploy) -> None:
    name = deploy(ECHO)
    with pytest.raises(ClientError) as refused:
        stack.client("lambda").invoke(FunctionName=name, **request_)
    assert refused.value.response["Error"]["Code"] == "InvalidRequestContentException"


def test_metrics_of_powertools_reach_cloudwatch(stack: EmbeddedStack, deploy: Deploy) -> None:
    layer = stack.client("lambda").publish_layer_version(LayerName="powertools", Content={"ZipFile": powertools()})[
        "LayerVersionArn"
    ]
    name = deploy(
        "from aws_lambda_powertools import Metrics\n"
        "from aws_lambda_powertools.metrics import MetricUnit, MetricResolution\n"
        "metrics = Metrics()\n"
        "@metrics.log_metrics(capture_cold_start_metric=True)\n"
        "def handler(event, context):\n"
        "    metrics.add_dimension(name='basin', value=event)\n"
        "    for height in (1, 2, 6):\n"
        "        metrics.add_metric('WaveHeight', MetricUnit.Count, height, MetricResolution.High)\n"
        "    metrics.add_metric('Drain', MetricUnit.Bytes, 7)\n",
        Layers=[layer],
        Environment={"Variables": {"POWERTOOLS_METRICS_NAMESPACE": "Tank", "POWERTOOLS_SERVICE_NAME": "waves"}},
    )
    invoke(stack, name, "north")
    stack.settle(DEADLINE_S)
    where = {"service": "waves", "basin": "north"}
    waves = statistics(stack, "WaveHeight", where)
    assert (waves["Sum"], waves["SampleCount"], waves["Maximum"], waves["Unit"]) == (9, 3, 6, "Count")
    assert statistics(stack, "Drain", where)["Unit"] == "Bytes"
    assert statistics(stack, "ColdStart", {"service": "waves", "function_name": name})["Sum"] == 1
    now = time.time()
    query = {"Metric": {"Namespace": "Tank", "MetricName": "WaveHeight", "Dimensions": dimensions(where)}}
    answer = stack.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "high", "MetricStat": {**query, "Period": 60, "Stat": "Average"}}],
        StartTime=now - 600,
        EndTime=now + 60,
    )
    assert sum(answer["MetricDataResults"][0]["Values"]) == 3


def powertools() -> bytes:
    """A layer with the installed library and what it imports."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("aws-lambda-powertools", "jmespath", "typing-extensions"):
            distribution = metadata.distribution(name)
            for file in distribution.files or []:
                if file.suffix == ".py" and ".." not in file.parts:
                    archive.write(str(distribution.locate_file(file)), f"python/{file}")
    return buffer.getvalue()


def statistics(stack: EmbeddedStack, metric: str, where: dict[str, str]) -> dict[str, Any]:
    """The one data point of a metric of these dimensions."""
    now = time.time()
    points = stack.client("cloudwatch").get_metric_statistics(
        Namespace="Tank",
        MetricName=metric,
        Dimensions=dimensions(where),
        StartTime=now - 600,
        EndTime=now + 60,
        Period=3600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    return dict(points[0])


def dimensions(where: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in where.items()]


def published(stack: EmbeddedStack, name: str) -> str:
    """A new version that takes invocations."""
    version = str(stack.client("lambda").publish_version(FunctionName=name)["Version"])
    until(lambda: is_active(stack, name, version))
    return version


def provisioned(stack: EmbeddedStack, name: str, version: str) -> dict[str, Any]:
    """How far the provisioning is."""
    return dict(stack.client("lambda").get_provisioned_concurrency_config(FunctionName=name, Qualifier=version))


def ended(state: dict[str, Any]) -> dict[str, Any] | None:
    return None if state["Status"] == "IN_PROGRESS" else state

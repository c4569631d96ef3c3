"""`wavetank dev | cycle | logs FUNCTION`, as a developer runs them."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.commands import wavetank
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.pipeline.names import NAMES

pytestmark = pytest.mark.stack

WAVETANK = Path(sys.executable).parent / "wavetank"
DEADLINE_S = 30.0


@contextmanager
def dev(stack: EmbeddedStack, home: Home, *options: str) -> Iterator[list[str]]:
    """`wavetank dev` up to the moment at which it watches, ended by Ctrl-C: the lines that it printed."""
    places = {HOME_VARIABLE: str(home.path), CACHE_VARIABLE: str(home.cache)}
    command = [str(WAVETANK), "dev", "--endpoint-url", stack.endpoint_url, *options]
    with subprocess.Popen(command, env=os.environ | places, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("watching"):
                break
        try:
            yield lines
        finally:
            process.send_signal(signal.SIGINT)
            try:
                status = process.wait(DEADLINE_S)
            finally:
                process.kill()
    assert status == 0


def test_dev_watches_until_it_is_interrupted(deployed: EmbeddedStack, home: Home) -> None:
    with dev(deployed, home) as lines:
        assert lines == ["watching pipeline/ and schemas/; Ctrl-C ends it\n"]


def test_dev_debugs_a_function_and_leaves_it_as_it_was(deployed: EmbeddedStack, home: Home) -> None:
    client, name = deployed.client("lambda"), NAMES.replayer
    before = client.get_function_configuration(FunctionName=name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with dev(deployed, home, "--debug", "replayer", "--debug-port", str(port)) as lines:
        assert any(f'"port": {port}' in line for line in lines)
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S).close()
        assert client.get_function_configuration(FunctionName=name)["Timeout"] == 900
    after = client.get_function_configuration(FunctionName=name)
    same = ("Handler", "Timeout", "Environment", "CodeSha256", "Layers")
    assert {key: after.get(key) for key in same} == {key: before.get(key) for key in same}


def test_the_log_of_a_function_is_printed(deployed: EmbeddedStack) -> None:
    answer = deployed.client("lambda").invoke(FunctionName=NAMES.replayer, Payload=b'{"time": "2019-11-24T12:00:00Z"}')
    deployed.settle()
    [line] = wavetank(deployed.endpoint_url, "logs", "--function", "replayer", "-n", "1").stdout.splitlines()
    assert f"  {NAMES.replayer}  platform.report status success, " in line
    request = answer["ResponseMetadata"]["RequestId"]
    ran = wavetank(deployed.endpoint_url, "logs", "--function", "replayer", "--request", request, "--json")
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {line["request_id"] for line in lines} == {request}
    assert lines[-1]["line"]["type"] == "platform.report"


def test_cycling_a_function_that_is_not_there_says_which_are(deployed: EmbeddedStack) -> None:
    assert "new environment" in wavetank(deployed.endpoint_url, "cycle", "replayer").stdout
    with pytest.raises(Exception, match=r"There are: .*wavetank-replayer"):
        wavetank(deployed.endpoint_url, "cycle", "nothing")

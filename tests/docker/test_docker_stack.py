"""A stack in a container is a stack: the same promises as the embedded one, and outages of the whole."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from tests.parity.wires import Ask, Wire, send
from wavetank.emulator.container import DockerStack
from wavetank.emulator.container.stack import LABEL, name_of
from wavetank.emulator.errors import ContainerFailed, NameTaken, PortTaken, Unreachable
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home
from wavetank.emulator.stack.process import listen
from wavetank.scenarios.cli import app

if TYPE_CHECKING:
    from docker import DockerClient

TINY = "48m"
"""Memory in which the emulator cannot start."""


def test_our_plugins_are_the_ones_that_run(stack_in_docker: DockerStack) -> None:
    status = stack_in_docker.control.status()
    assert status["foreign"] == {}
    assert all(status["plugins"].values())


def test_every_service_is_loaded_before_it_is_said_to_be_up(stack_in_docker: DockerStack) -> None:
    assert {"s3", "kinesis", "lambda", "firehose"} <= set(stack_in_docker.control.status()["services"])


def test_faults_and_settle_work_through_the_published_port(stack_in_docker: DockerStack) -> None:
    match = {"service": "s3", "operation": "ListBuckets"}
    with stack_in_docker.faults.error_before("aws.call", match=match, count=1) as fault:
        buckets(stack_in_docker)
        assert len(fault.firings()) == 1
    stack_in_docker.settle()


@pytest.mark.parametrize("wire", Wire)
def test_pages_and_foreign_names_are_kept_out_at_the_published_port(stack_in_docker: DockerStack, wire: Wire) -> None:
    def status(host: str, *headers: tuple[str, str]) -> int:
        asked = [("Host", f"{host}:{stack_in_docker.port}"), *headers]
        return send(stack_in_docker.port, wire, Ask("GET", "/_wavetank/status", asked)).status

    assert {host: status(host) for host in ("127.0.0.1", "localhost", "emulator", "host.docker.internal")} == {
        "127.0.0.1": 200,
        "localhost": 200,
        "emulator": 200,
        "host.docker.internal": 200,
    }
    assert status("evil.example") == 403
    assert status("emulator.evil.example") == 403
    assert status("localhost", ("Origin", "http://evil.example")) == 403
    assert status("localhost", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")) == 403
    assert status("emulator", ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")) == 403


def test_it_is_found_by_its_home_and_by_no_other(stack_in_docker: DockerStack, own_home: Home) -> None:
    port = stack_in_docker.port
    assert DockerStack.on(port, stack_in_docker.home) is not None
    assert [stack.port for stack in DockerStack.running(stack_in_docker.home)] == [port]
    assert DockerStack.running(own_home) == []


def test_a_pause_costs_no_state(stack_in_docker: DockerStack) -> None:
    stack_in_docker.client("s3").create_bucket(Bucket="kept-over-a-pause")
    stack_in_docker.pause()
    try:
        with pytest.raises(Unreachable):
            stack_in_docker.control.status(timeout_s=0.5)
    finally:
        stack_in_docker.resume()
    assert "kept-over-a-pause" in buckets(stack_in_docker)


def test_a_cut_network_costs_no_state(stack_in_docker: DockerStack) -> None:
    stack_in_docker.client("s3").create_bucket(Bucket="kept-over-a-cut")
    stack_in_docker.cut()
    try:
        with pytest.raises(Unreachable):
            stack_in_docker.control.status(timeout_s=2)
    finally:
        stack_in_docker.join()
    assert "kept-over-a-cut" in buckets(stack_in_docker)


def test_a_kill_costs_all_state_and_the_port_stays(stack_in_docker: DockerStack) -> None:
    stack_in_docker.client("s3").create_bucket(Bucket="gone-with-a-kill")
    stack_in_docker.kill()
    stack_in_docker.start()
    assert "gone-with-a-kill" not in buckets(stack_in_docker)


def buckets(stack: DockerStack) -> set[str]:
    return {bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]}


def test_a_taken_port_is_told_as_such(stack_in_docker: DockerStack, own_home: Home) -> None:
    with listen(0) as taken, pytest.raises(PortTaken):
        DockerStack.up(taken.getsockname()[1], home=own_home)
    with pytest.raises(PortTaken):
        DockerStack.up(stack_in_docker.port, home=own_home)


def test_a_container_that_is_not_ours_is_left_alone(engine: "DockerClient", own_home: Home) -> None:
    port = free_port()
    other = engine.containers.create("wavetank-emulator", name=name_of(port))
    try:
        with pytest.raises(NameTaken, match=name_of(port)):
            DockerStack.up(port, home=own_home)
        other.reload()
    finally:
        other.remove(force=True, v=True)


def test_what_an_earlier_stack_of_ours_left_is_replaced(engine: "DockerClient", own_home: Home) -> None:
    port = free_port()
    labels: dict[str, str] = {LABEL: str(own_home.path)}
    stale = engine.containers.create("wavetank-emulator", name=name_of(port), labels=labels)
    with DockerStack.up(port, home=own_home) as stack:
        assert stack.container.id != stale.id


def test_a_container_that_does_not_come_up_is_told_with_its_last_lines_and_removed(
    engine: "DockerClient", own_home: Home
) -> None:
    port = free_port()
    with pytest.raises(ContainerFailed, match=r"memory|ended with code|healthy"):
        DockerStack.up(port, home=own_home, memory=TINY)
    assert name_of(port) not in {container.name for container in engine.containers.list(all=True)}


def free_port() -> int:
    with listen(0) as free:
        return int(free.getsockname()[1])


def test_the_commands_drive_it(own_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(own_home.path))
    monkeypatch.setenv(CACHE_VARIABLE, str(own_home.cache))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    try:
        outcome = json.loads(wavetank("up", "--docker", "--port", "0", "--json"))
        assert outcome["deployed"]
        assert json.loads(wavetank("up", "--docker", "--port", str(outcome["port"]), "--json"))["already_up"]
        (listed,) = json.loads(wavetank("status", "--json"))
        assert (listed["kind"], listed["ready"], listed["deployed"]) == ("docker", True, True)
        assert "200" in wavetank("logs", "--stack", "-n", "5")
        assert json.loads(wavetank("feed", "--synthetic", "50", "--json"))["complete"]
    finally:
        said = wavetank("down", "--all")
    assert "stopped the stack" in said


def wavetank(*arguments: str) -> Any:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None, result.output
    return result.stdout

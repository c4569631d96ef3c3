"""What a running stack is: ours, alone on the loopback interface, and gone with its owner."""

import ipaddress
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.waiting import until
from wavetank.emulator.errors import PortTaken, StartFailed
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack

pytestmark = pytest.mark.stack

FOREIGN_PROGRAMS = ("node", "npm", "java", "docker", "dockerd", "containerd")
OWNER = """
import sys
from wavetank.emulator.stack.stack import EmbeddedStack
stack = EmbeddedStack.up()
print(stack.port, stack.pid, flush=True)
sys.stdin.read()
"""


def family(stack: EmbeddedStack) -> list[psutil.Process]:
    """The stack's process and all that it started."""
    process = psutil.Process(stack.pid)
    return [process, *process.children(recursive=True)]


def test_every_plugin_of_ours_is_the_one_in_use(stack: EmbeddedStack) -> None:
    status = stack.control.status()
    assert status["foreign"] == {}
    assert {"kinesis", "firehose", "lambda executor", "gateway server"} <= status["plugins"].keys()
    assert all(found.startswith("wavetank.emulator.") for found in status["plugins"].values())
    assert status["pid"] == stack.pid


def test_a_stack_listens_and_talks_on_the_loopback_interface_only(deployed: EmbeddedStack) -> None:
    sockets = [found for process in family(deployed) for found in process.net_connections(kind="inet")]
    listening = {found.laddr.port for found in sockets if found.status == psutil.CONN_LISTEN}
    assert deployed.port in listening
    addresses = {end.ip for found in sockets for end in (found.laddr, found.raddr) if end}
    assert {address for address in addresses if not ipaddress.ip_address(address).is_loopback} == set()


def test_no_node_java_or_docker_is_started(stack: EmbeddedStack) -> None:
    programs = {Path(process.exe()).name for process in family(stack)}
    assert programs.isdisjoint(FOREIGN_PROGRAMS)
    assert all(program.startswith("python") for program in programs)


def test_a_service_that_would_download_a_program_is_refused(stack: EmbeddedStack) -> None:
    client = stack.client("dynamodb")
    with pytest.raises(client.exceptions.ClientError, match="not offered"):
        client.list_tables()


def test_stacks_side_by_side_share_nothing(stack: EmbeddedStack, own_home: Home) -> None:
    with EmbeddedStack.up(home=own_home) as other:
        assert other.port != stack.port
        other.client("s3").create_bucket(Bucket="only-on-the-other")
        here = [bucket["Name"] for bucket in stack.client("s3").list_buckets()["Buckets"]]
        assert "only-on-the-other" not in here
        assert [found.port for found in EmbeddedStack.running(own_home)] == [other.port]
    assert psutil.pid_exists(stack.pid)
    assert stack.control.status()["ready"]


def test_a_second_stack_on_the_same_port_is_refused(stack: EmbeddedStack, own_home: Home) -> None:
    with pytest.raises(PortTaken, match=str(stack.port)):
        EmbeddedStack.up(stack.port, home=own_home)


def test_a_crash_while_starting_ends_in_the_last_lines_of_the_log_and_no_orphan(own_home: Home) -> None:
    broken = Home(own_home.path, own_home.path / "cache")
    broken.cache.mkdir(parents=True)
    (broken.cache / "catalog").write_text("a file where a folder must be")
    with pytest.raises(StartFailed, match="ended with code 1 while starting") as failed:
        EmbeddedStack.up(home=broken)
    assert "catalog" in failed.value.log
    assert str(own_home.stack(own_home.ports()[0]).log) in failed.value.remedy
    assert EmbeddedStack.running(own_home) == []
    assert not any(str(own_home.path) in process.info["cwd"] for process in processes())


def processes() -> Iterator[psutil.Process]:
    """Every process of this machine whose working directory can be seen."""
    for process in psutil.process_iter(["cwd"]):
        if process.info["cwd"]:
            yield process


def test_a_stack_ends_with_its_owner_however_that_ends(own_home: Home) -> None:
    environment = os.environ | {"WAVETANK_HOME": str(own_home.path), "WAVETANK_CACHE": str(own_home.cache)}
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        port, pid = (int(word) for word in owner.stdout.readline().split())
        stack = psutil.Process(pid)
        assert EmbeddedStack.on(port, own_home) is not None
        owner.send_signal(signal.SIGKILL)
    assert until(lambda: not stack.is_running() or stack.status() == psutil.STATUS_ZOMBIE)
    assert EmbeddedStack.on(port, own_home) is None

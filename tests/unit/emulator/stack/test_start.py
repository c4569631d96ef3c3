"""A stack is taken for ours only with the proof, and what dead stacks leave behind is removed, no more."""

import json
import socket
from pathlib import Path

import pytest

from wavetank.emulator.errors import NotOurPlugins, PortTaken
from wavetank.emulator.stack.home import Home, StackFolder
from wavetank.emulator.stack.process import listen
from wavetank.emulator.stack.start import discard, discard_stale, prove, tail

LOG = "one\ntwo\nthree"
GONE = {"port": 1, "pid": 2**22 + 1, "began": 0.0}
"""A record of a process that cannot be: no system of ours counts that far."""


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    folder = StackFolder(tmp_path)
    folder.log.write_text(LOG)
    return folder


def free_port() -> int:
    with listen(0) as bound:
        return int(bound.getsockname()[1])


def test_a_stack_with_every_plugin_of_ours_is_ours(folder: StackFolder) -> None:
    prove({"plugins": {"kinesis": "wavetank.emulator.kinesis.provider.KinesisProvider"}}, folder)


def test_a_stack_with_a_foreign_plugin_is_refused_and_what_it_has_is_named(folder: StackFolder) -> None:
    status = {"plugins": {"lambda executor": None}, "foreign": {"lambda executor": "DockerRuntimeExecutor"}}
    with pytest.raises(NotOurPlugins, match=r"lambda executor: DockerRuntimeExecutor") as refused:
        prove(status, folder)
    assert refused.value.log == LOG


def test_a_stack_that_cannot_name_its_plugins_is_refused(folder: StackFolder) -> None:
    silent: list[dict[str, object]] = [{}, {"plugins": {}}, {"plugins": None}]
    for status in silent:
        with pytest.raises(NotOurPlugins):
            prove(status, folder)


def test_a_port_that_is_taken_is_refused_and_named() -> None:
    with listen(0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            listen(port)


def test_a_stack_listens_on_the_loopback_interface_only() -> None:
    with listen(0) as bound:
        assert bound.family == socket.AF_INET
        assert bound.getsockname()[0] == "127.0.0.1"


def test_the_state_of_a_dead_stack_is_removed_and_reported(own_home: Home) -> None:
    port = free_port()
    folder = own_home.stack(port)
    folder.tmp.mkdir(parents=True)
    folder.record.write_text(json.dumps(GONE | {"port": port}))
    assert [record.port for record in discard_stale(own_home)] == [port]
    assert not folder.path.exists()


def test_the_folder_of_a_port_that_somebody_holds_is_left_alone(own_home: Home) -> None:
    with listen(0) as bound:
        port = bound.getsockname()[1]
        own_home.stack(port).tmp.mkdir(parents=True)
        assert discard_stale(own_home) == []
        assert not discard(own_home, port)
        assert own_home.stack(port).tmp.is_dir()


def test_the_log_can_be_kept_when_the_rest_is_removed(own_home: Home) -> None:
    port = free_port()
    folder = own_home.stack(port)
    folder.tmp.mkdir(parents=True)
    folder.log.write_text(LOG)
    assert discard(own_home, port, keep_log=True)
    assert tail(folder.log, 2) == "two\nthree"
    assert not folder.tmp.exists()


def test_a_log_that_is_not_there_has_no_lines(tmp_path: Path) -> None:
    assert tail(tmp_path / "missing.log") == ""

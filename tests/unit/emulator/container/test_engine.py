"""The Docker engine's refusals, in the words in which the engine and its client say them; a container's settings."""

import os
import socket
from pathlib import Path

import pytest

from wavetank.emulator.container.engine import check_version, connect, explain, variables
from wavetank.emulator.errors import (
    CallerError,
    ContainerFailed,
    EngineRefused,
    EngineTooOld,
    ImageFailed,
    NameTaken,
    NoEngine,
    OutOfDisk,
    PortTaken,
    StackError,
)
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS
from wavetank.emulator.stack.environment import LogLevel

USER = {ALLOWED_ORIGINS: "http://localhost:3000", ALLOWED_HOSTS: "emulator.test", "AWS_PROFILE": "work"}

WHILE = "Error while fetching server API version: ('Connection aborted.', {})"
SAID: list[tuple[str, type[StackError]]] = [
    (WHILE.format("FileNotFoundError(2, 'No such file or directory')"), NoEngine),
    (WHILE.format("ConnectionRefusedError(111, 'Connection refused')"), NoEngine),
    (WHILE.format("PermissionError(13, 'Permission denied')"), EngineRefused),
    ("driver failed: Bind for 127.0.0.1:4566 failed: port is already allocated", PortTaken),
    ("Error starting userland proxy: listen tcp4 127.0.0.1:4566: bind: address already in use", PortTaken),
    ("write /var/lib/docker/tmp/x: no space left on device", OutOfDisk),
    ('Conflict. The container name "/wavetank-4566" is already in use by container "2bd1"', NameTaken),
    ("client version 1.52 is too new. Maximum supported API version is 1.41", EngineTooOld),
    ("404 Client Error: Not Found (No such image: wavetank-emulator:latest)", ImageFailed),
    ("500 Server Error: something else", ContainerFailed),
]  # fmt: skip


@pytest.mark.parametrize(("said", "means"), SAID)
def test_each_refusal_is_told_as_what_it_is(said: str, means: type[StackError]) -> None:
    assert type(explain(said, 4566)) is means


@pytest.mark.parametrize(("said", "means"), SAID[:-1])
def test_each_refusal_says_what_to_do_next(said: str, means: type[StackError]) -> None:
    assert explain(said, 4566).remedy


def test_an_engine_of_the_oldest_known_api_is_taken_and_an_older_one_is_not() -> None:
    check_version("1.41")
    check_version("1.52")
    with pytest.raises(EngineTooOld, match=r"1\.39"):
        check_version("1.39")


def test_a_socket_that_is_not_there_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(NoEngine, match="no Docker engine answers"):
        connect()


def test_a_socket_on_which_nobody_listens_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "docker.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    with pytest.raises(NoEngine):
        connect()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_that_this_user_may_not_use_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "docker.sock"))
        bound.listen()
        (tmp_path / "docker.sock").chmod(0)
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
        with pytest.raises(EngineRefused):
            connect()


def test_the_settings_of_the_door_reach_a_container_and_nothing_of_the_users_besides() -> None:
    given = variables(4601, LogLevel.INFO, USER)
    assert {name: given.get(name) for name in USER} == {**USER, "AWS_PROFILE": None}


@pytest.mark.parametrize("name", [ALLOWED_ORIGINS, ALLOWED_HOSTS])
def test_a_setting_that_makes_no_sense_is_told_before_a_container_is_made(name: str) -> None:
    with pytest.raises(CallerError, match=name):
        variables(4601, LogLevel.INFO, {name: "*"})

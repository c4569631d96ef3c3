"""The container that really runs holds, and may do, no more than it needs."""

from typing import Any

import pytest

from wavetank.emulator.container import DockerStack
from wavetank.emulator.container.engine import PIDS
from wavetank.emulator.container.entrypoint import PORT
from wavetank.emulator.container.image import IMAGE

COMPILERS = ("cc", "gcc", "g++", "clang", "make", "ld", "as", "uv", "git")
SECRETS = ("AWS_", "TOKEN", "SECRET", "PASSWORD", "INDEX_URL", "PROXY")
SECRET_FILES = r"find / -xdev -type f \( -name .env -o -name '*.pem' -o -name id_rsa -o -name pip.conf \) 2>/dev/null"
PUBLIC = ("/etc/ssl/certs/", "/usr/share/", "/usr/lib/ssl/", "cacert.pem", "/tests/")
"""Certificates of authorities."""


@pytest.fixture
def config(stack_in_docker: DockerStack) -> dict[str, Any]:
    stack_in_docker.container.reload()
    return dict(stack_in_docker.container.attrs)


def run(stack: DockerStack, *command: str) -> tuple[int, str]:
    done = stack.container.exec_run(list(command))
    output = done.output if isinstance(done.output, bytes) else b"".join(done.output)
    return int(done.exit_code or 0), output.decode()


def test_its_processes_are_an_unprivileged_users(stack_in_docker: DockerStack) -> None:
    status = run(stack_in_docker, "cat", "/proc/1/status")[1]
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(fields["Uid"].split()) == {"10001"}
    assert set(fields["Gid"].split()) == {"10001"}
    assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert fields["NoNewPrivs"].strip() == "1"


def test_it_is_bounded_in_memory_and_processes(config: dict[str, Any]) -> None:
    assert config["HostConfig"]["Memory"] == 2 << 30
    assert config["HostConfig"]["PidsLimit"] == PIDS
    assert not config["HostConfig"]["Privileged"]


def test_nothing_of_this_machine_is_mounted_into_it(config: dict[str, Any], stack_in_docker: DockerStack) -> None:
    assert config["Mounts"] == []
    assert config["HostConfig"]["Binds"] in (None, [])
    assert list(config["HostConfig"]["Tmpfs"]) == ["/tmp"]
    assert run(stack_in_docker, "sh", "-c", "find / -xdev -type s -name 'docker*.sock' 2>/dev/null")[1] == ""


@pytest.mark.parametrize("place", ["/", "/opt/wavetank", "/usr/local/bin", "/var/lib", "/etc", "/home"])
def test_its_root_cannot_be_written_to(place: str, stack_in_docker: DockerStack) -> None:
    code, _ = run(stack_in_docker, "touch", f"{place}/mine")
    assert code != 0


def test_it_is_published_on_loopback_only(config: dict[str, Any], stack_in_docker: DockerStack) -> None:
    (published,) = config["NetworkSettings"]["Ports"].values()
    assert published == [{"HostIp": "127.0.0.1", "HostPort": str(stack_in_docker.port)}]
    assert list(config["NetworkSettings"]["Ports"]) == [f"{PORT}/tcp"]


@pytest.mark.parametrize("program", COMPILERS)
def test_the_image_holds_no_compiler_and_no_installer(program: str, stack_in_docker: DockerStack) -> None:
    assert run(stack_in_docker, "sh", "-c", f"command -v {program}")[1] == ""


def test_the_image_holds_no_secrets(engine: Any, stack_in_docker: DockerStack) -> None:
    image = engine.images.get(IMAGE)
    variables = [entry.partition("=")[0] for entry in image.attrs["Config"]["Env"]]
    assert [name for name in variables if any(word in name for word in SECRETS)] == []
    history = " ".join(str(layer["CreatedBy"]) for layer in image.history())
    assert not any(f"{word}=" in history for word in ("TOKEN", "PASSWORD", "INDEX_URL", "SECRET"))
    found = run(stack_in_docker, "sh", "-c", SECRET_FILES)[1].splitlines()
    assert [path for path in found if not any(place in path for place in PUBLIC)] == []
    assert run(stack_in_docker, "sh", "-c", "ls -A /root 2>/dev/null")[1].split() in ([], [".bashrc", ".profile"])


def test_the_image_is_no_larger_than_promised(engine: Any, stack_in_docker: DockerStack) -> None:
    assert engine.images.get(IMAGE).attrs["Size"] <= 650_000_000

"""The compose file: valid, and as hardened as what the SDK starts."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from wavetank.emulator.container.engine import PIDS, TMPFS
from wavetank.emulator.runtime.guard import ALLOWED_HOSTS, ALLOWED_ORIGINS


@pytest.fixture
def services(root: Path) -> dict[str, Any]:
    return configuration(root)


def configuration(root: Path) -> dict[str, Any]:
    """The services as compose understands them."""
    command = ["docker", "compose", "--profile", "*", "config", "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout)["services"])


def test_every_service_is_hardened_alike(services: dict[str, Any]) -> None:
    assert set(services) == {"emulator", "deploy", "deployed", "drill", "mariadb"}
    for service in services.values():
        assert service["user"] == "10001:10001"
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["pids_limit"] == PIDS
        assert int(service["mem_limit"]) > 0
        assert service["init"] is True
        assert service["tmpfs"] == [f"{place}:{options}" for place, options in TMPFS.items()]
        assert all(mount["type"] == "volume" or mount["read_only"] for mount in service.get("volumes", []))
    mounted = {
        name: {mount["target"] for mount in service.get("volumes", []) if mount["type"] == "bind"}
        for name, service in services.items()
    }
    project = {"/project/wavetank.toml", "/project/schemas"}
    assert mounted == {"emulator": set(), "deploy": project, "deployed": set(), "drill": project, "mariadb": set()}


def test_the_settings_of_the_door_reach_the_emulator(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ALLOWED_ORIGINS, "http://localhost:3000")
    monkeypatch.setenv(ALLOWED_HOSTS, "emulator.test")
    given = configuration(root)["emulator"]["environment"]
    assert (given[ALLOWED_ORIGINS], given[ALLOWED_HOSTS]) == ("http://localhost:3000", "emulator.test")


def test_only_the_emulator_and_the_database_are_published_and_only_on_loopback(services: dict[str, Any]) -> None:
    ports = {name: [port["host_ip"] for port in service.get("ports", [])] for name, service in services.items()}
    published = {name: hosts for name, hosts in ports.items() if hosts}
    assert published == {"emulator": ["127.0.0.1"], "mariadb": ["127.0.0.1"]}


def test_the_database_comes_only_where_it_is_asked_for(services: dict[str, Any]) -> None:
    assert services["mariadb"]["profiles"] == ["database"]
    assert not any("mariadb" in service.get("depends_on", {}) for service in services.values())

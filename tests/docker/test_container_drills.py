"""What befalls a whole container costs nothing that was acknowledged, with a producer that keeps a journal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wavetank.emulator.container import DockerStack
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE
from wavetank.scenarios.cli import app
from wavetank.scenarios.drills.catalogue import tagged
from wavetank.scenarios.spec.drill import Tag

EVENTS = "60"


@pytest.fixture
def _at_home(stack_in_docker: DockerStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(stack_in_docker.home.path))
    monkeypatch.setenv(CACHE_VARIABLE, str(stack_in_docker.home.cache))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.usefixtures("_at_home")
def test_every_drill_of_containers_passes_and_strikes(stack_in_docker: DockerStack, tmp_path: Path) -> None:
    out = tmp_path / "drills.json"
    command = ["drill", "--tag", "containers", "--events", EVENTS, "--endpoint-url", stack_in_docker.endpoint_url]
    result = CliRunner().invoke(app, [*command, "--json", str(out)])
    assert result.exit_code == 0, result.output
    told = json.loads(out.read_text())
    assert told["skipped"] == []
    struck = {drill["name"]: drill["fired"] for drill in told["drills"]}
    drills = tagged([Tag.CONTAINERS])
    assert struck == {f"control of {drills[0].name}": 0} | {drill.name: 1 for drill in drills}

"""A new project in Docker: its image from the wavetank that is installed, its compose file as it was written."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wavetank.emulator.container.image import IMAGE, SOURCES, build_context, sources_digest, up_to_date
from wavetank.emulator.stack.process import listen
from wavetank.scenarios.starter.project import write


@pytest.fixture(scope="module")
def project(nothing_left: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new project whose name no other compose file here has; what it started is removed."""
    folder = write(tmp_path_factory.mktemp("new") / f"trial-{os.getpid()}").folder
    yield folder
    compose(folder, "--profile", "*", "down", "--volumes")


def compose(folder: Path, *arguments: str, port: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"WAVETANK_PORT": str(port)}
    return subprocess.run(
        ["docker", "compose", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_image_is_built_from_what_is_installed_and_then_up_to_date(engine: object) -> None:
    assert up_to_date(engine) == IMAGE  # type: ignore[arg-type]
    image = engine.images.get(IMAGE)  # type: ignore[attr-defined]
    with build_context() as context:
        assert image.labels[SOURCES] == sources_digest(context)
    assert up_to_date(engine) == IMAGE  # type: ignore[arg-type]
    assert engine.images.get(IMAGE).id == image.id  # type: ignore[attr-defined]


def test_the_project_comes_up_with_its_own_event_type_and_holds_a_drill(engine: object, project: Path) -> None:
    up_to_date(engine)  # type: ignore[arg-type]
    with listen(0) as bound:
        port = int(bound.getsockname()[1])
    done = compose(project, "up", "-d", "--wait", port=port)
    assert done.returncode == 0, done.stderr
    services = [json.loads(line) for line in compose(project, "ps", "--format", "json", port=port).stdout.splitlines()]
    assert {service["Service"]: service["Health"] for service in services}["emulator"] == "healthy"
    log = compose(project, "logs", "deploy", port=port).stdout
    assert "visit" in log
    done = compose(project, "run", "--rm", "drill", "duplicates", port=port)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "this project's event types (visit)" in done.stdout

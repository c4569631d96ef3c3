"""The build context of the image, and when the image is built anew."""

import filecmp
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from wavetank.emulator.container.image import build_context, sources_digest, write_context

COPIED = ("pipeline", "emulator", "scenarios", "schemas")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    write_context(folder)
    return folder


def test_the_context_has_every_file_of_the_packages_and_no_other(root: Path, context: Path) -> None:
    listed = ["git", "ls-files", "--", *COPIED]
    done = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a clone of the repository")
    names = [name for name in done.stdout.split() if (root / name).is_file()]
    assert len(names) > 500
    assert [name for name in names if not filecmp.cmp(root / name, context / name, shallow=False)] == []
    top = {"wavetank", "pyproject.toml", ".dockerignore", *COPIED}
    assert {path.name for path in context.iterdir()} == top
    assert not list(context.rglob("*.pyc"))


def test_everything_that_the_dockerfile_copies_is_in_the_context(context: Path) -> None:
    text = (context / "emulator" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith("COPY ") and "--from" not in line]
    sources = [source for *some, _target in lines for source in some]
    assert len(sources) > 10
    assert [source for source in sources if not (context / source).exists()] == []


def test_the_context_declares_the_version_and_the_entry_points_that_are_installed(context: Path) -> None:
    declared = tomllib.loads((context / "pyproject.toml").read_text())["project"]
    installed = metadata.distribution("wavetank")
    groups = declared["entry-points"] | {"console_scripts": declared["scripts"]}
    points = {(group, name, value) for group, some in groups.items() for name, value in some.items()}
    assert declared["version"] == installed.version
    assert points == {(point.group, point.name, point.value) for point in installed.entry_points}


@pytest.mark.parametrize("name", ["emulator/requirements.lock", "emulator/Dockerfile", "pipeline/one.py", "schemas/x"])
def test_whatever_goes_into_the_image_changes_its_digest(name: str, tmp_path: Path) -> None:
    write_context(tmp_path)
    before = sources_digest(tmp_path)
    (tmp_path / name).write_text("other")
    assert sources_digest(tmp_path) != before


def test_the_same_code_has_the_same_digest_wherever_it_is(context: Path) -> None:
    with build_context() as again:
        assert again != context
        assert sources_digest(again) == sources_digest(context)


def test_a_file_that_moves_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("1")
    before = sources_digest(tmp_path)
    (tmp_path / "one.py").rename(tmp_path / "two.py")
    assert sources_digest(tmp_path) != before

"""What the project is built from is pinned: packages by hash, actions by commit; and nothing is granted for free."""

import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

STARTER = "scenarios/starter/files"
WORKFLOWS = (
    ".github/workflows/ci.yml",
    "docs/examples/drills-workflow.yml",
    f"{STARTER}/dot.github/workflows/wavetank.yml",
)
LOCKS = ("requirements.lock", "emulator/requirements.lock")
INSTALLER = "emulator/installer.lock"


def pins(root: Path, lock: str) -> list[str]:
    """The lock's entries, each a package with its hashes."""
    text = re.sub(r"^#.*\n", "", (root / lock).read_text(), flags=re.MULTILINE)
    return [entry.rstrip() for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE) if entry]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_pins_every_package_by_hash(root: Path, lock: str) -> None:
    assert not re.search(r"https?://|file:|^--", (root / lock).read_text(), re.MULTILINE)
    assert pins(root, lock)
    assert [pin.split()[0] for pin in pins(root, lock) if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_the_image_has_the_packages_that_the_tests_run_with(root: Path) -> None:
    everything, image = set(pins(root, LOCKS[0])), set(pins(root, LOCKS[1]))
    assert image < everything
    names = {pin.partition("==")[0] for pin in everything - image}
    assert {"hypothesis", "mypy", "cfn-lint", "ruff"} <= names


def test_the_image_is_built_with_what_the_lock_pins(root: Path) -> None:
    assert {pin.partition("==")[0] for pin in pins(root, INSTALLER)} == {"setuptools", "uv"}
    assert set(pins(root, INSTALLER)) < set(pins(root, LOCKS[0]))


def test_the_compose_file_of_a_new_project_is_ours_but_for_where_the_image_comes_from(root: Path) -> None:
    ours, theirs = (yaml.safe_load((folder / "compose.yaml").read_text()) for folder in (root, root / STARTER))
    assert theirs["services"]["emulator"].pop("pull_policy") == "never"
    assert ours["services"]["emulator"].pop("build")
    # The database with this project's campaigns.
    assert ours["services"].pop("mariadb")
    assert ours["volumes"].pop("database", "none") is None
    assert ours | {"name": ""} == theirs | {"name": ""}


def test_the_image_installs_nothing_without_a_hash(root: Path) -> None:
    text = re.sub(r"\\\n", " ", (root / "emulator/Dockerfile").read_text())
    installs = re.findall(r"pip install[^&]*", text)
    assert len(installs) == 3
    for install in installs:
        assert "--require-hashes" in install or ("--no-deps" in install and "--editable ." in install)


def test_the_image_takes_its_base_by_name_or_digest(root: Path) -> None:
    stages = {"emulator/Dockerfile": {"packages"}, "scenarios/site/database/container/Dockerfile": set()}
    for file, own in stages.items():
        text = (root / file).read_text()
        assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE_IMAGE}", *own}
        assert re.search(r"^ARG BASE_IMAGE=", text, re.MULTILINE)
    services = yaml.safe_load((root / "compose.yaml").read_text())["services"]
    arguments = [service["build"]["args"]["BASE_IMAGE"] for service in services.values() if "build" in service]
    assert len(arguments) == len(stages)
    assert all(argument.startswith("${BASE_IMAGE:-") for argument in arguments)


def test_every_workflow_is_looked_at(root: Path) -> None:
    places = (root / ".github", root / "docs", root / STARTER)
    there = {path for place in places for path in place.rglob("*.yml")}
    assert {str(path.relative_to(root)) for path in there} == set(WORKFLOWS)


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_takes_its_actions_by_commit_and_may_only_read(root: Path, workflow: str) -> None:
    text = (root / workflow).read_text()
    actions = re.findall(r"uses: *(.*)", text)
    assert actions
    assert [
        action for action in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    ] == []
    assert re.search(r"^permissions:\n  contents: read\n(?! )", text, re.MULTILINE)
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")


def test_what_checkov_finds_and_is_left_so_has_a_reason(root: Path) -> None:
    skipped = re.findall(r"^  - (CKV\S*)(.*)$", (root / ".checkov.yaml").read_text(), re.MULTILINE)
    assert skipped
    assert [check for check, reason in skipped if not re.fullmatch(r"  # .{20,}", reason)] == []

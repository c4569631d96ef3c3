"""Stacks of several projects: seen from everywhere, each with its project, and none taken for another's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, PROJECT_VARIABLE, Home

pytestmark = pytest.mark.stack

WAVETANK = Path(sys.executable).with_name("wavetank")
FAILED, USAGE, NOTHING_UP = 1, 2, 3


@dataclass(frozen=True)
class User:
    """A user with two projects, `shop` and `blog`; in `shop` a stack is up, with nothing deployed."""

    folder: Path
    home: Home

    def run(self, place: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a folder of the user's."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME")}
        own = {HOME_VARIABLE: str(self.home.path), CACHE_VARIABLE: str(self.home.cache)}
        return subprocess.run(
            [WAVETANK, *arguments],
            cwd=self.folder / place,
            env=kept | own | variables,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    @property
    def stacks(self) -> list[tuple[int, str]]:
        """Port and project of each stack that is up."""
        return [(it["port"], it["project"]) for it in json.loads(self.run(".", "status", "--json").stdout)]


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    user = User(tmp_path_factory.mktemp("user"), Home(tmp_path_factory.mktemp("home"), Home.from_environment().cache))
    for name in ("shop", "blog"):
        assert user.run(".", "init", name).returncode == 0
    assert user.run("shop/schemas", "up", "--port", "0", "--no-deploy").returncode == 0
    yield user
    user.run(".", "down", "--all")


@pytest.fixture
def port(user: User) -> str:
    [(port, project)] = user.stacks
    assert project == str(user.folder / "shop")
    return str(port)


@pytest.mark.parametrize("place", [".", "shop", "blog"])
def test_a_stack_is_seen_from_everywhere_with_its_project(user: User, place: str) -> None:
    done = user.run(place, "status")
    assert done.returncode == 0
    assert str(user.folder / "shop") in done.stdout


def test_another_projects_stack_on_the_port_is_named_and_left_alone(user: User, port: str) -> None:
    done = user.run("blog", "up", "--port", port, "--no-deploy")
    assert done.returncode == FAILED
    assert f"another project's stack is on port {port}: {user.folder / 'shop'}" in done.stderr
    assert f"wavetank down --port {port}" in done.stderr
    assert [str(found) for found, _ in user.stacks] == [port]


def test_a_project_without_a_stack_does_not_take_anothers(user: User, port: str) -> None:
    for command in (("down",), ("settle",), ("down", "--all")):
        done = user.run("blog", *command)
        assert "no stack of this project is up" in done.stderr
        assert "Traceback" not in done.stderr
    assert [str(found) for found, _ in user.stacks] == [port]


def test_the_stack_is_found_below_its_project_outside_of_any_and_where_the_project_is_named(user: User) -> None:
    for place, arguments in (("shop/schemas/visit", ()), (".", ()), ("blog", ("--project", str(user.folder / "shop")))):
        assert user.run(place, *arguments, "settle").returncode == 0
    assert user.run("blog", "settle", **{PROJECT_VARIABLE: "../shop"}).returncode == 0


@pytest.mark.parametrize(
    "command", ["up --port 0", "deploy", "schemas check", "feed --synthetic 1", "tick", "dev", "quarantine list"]
)
def test_a_command_that_needs_a_project_says_so_outside_of_one(user: User, command: str) -> None:
    done = user.run(".", *command.split())
    assert done.returncode == USAGE, done.stderr
    assert "there is no project here" in done.stderr
    assert "wavetank init" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["status", "logs", "settle", "drills"])
def test_a_command_that_needs_none_works_outside_of_one(user: User, command: str) -> None:
    assert user.run(".", command).returncode == 0


def test_a_project_that_is_named_and_none_is_wrong_usage(user: User) -> None:
    done = user.run("shop", "--project", "nowhere", "schemas", "check")
    assert done.returncode == USAGE
    assert str(user.folder / "shop" / "nowhere") in done.stderr


def test_stacks_of_an_earlier_version_are_told_of(user: User) -> None:
    left = user.folder / "blog" / ".wavetank"
    (left / "stacks" / "4566").mkdir(parents=True)
    assert f"WAVETANK_HOME={left} wavetank down --all" in user.run("blog", "status").stderr
    assert ".wavetank" not in user.run("shop", "status").stderr


def test_each_projects_stacks_go_down_by_themselves_and_all_outside_of_any(user: User, port: str) -> None:
    assert user.run("blog", "up", "--port", "0", "--no-deploy").returncode == 0
    assert len(user.stacks) == 2
    assert f"port {port}" not in user.run("blog", "down", "--all").stdout
    assert [str(found) for found, _ in user.stacks] == [port]
    assert f"stopped the stack on port {port}" in user.run(".", "down", "--all").stdout
    assert user.run("shop", "status").returncode == NOTHING_UP

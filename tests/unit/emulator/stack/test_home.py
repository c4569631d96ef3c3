"""The state folder: what is in it, and what is said of it where it cannot be used."""

import errno
import os
from pathlib import Path

import pytest

from wavetank.emulator.errors import DiskFull, NoProject, UnusableFile
from wavetank.emulator.stack.home import (
    CACHE_VARIABLE,
    HOME_VARIABLE,
    PROJECT_VARIABLE,
    Home,
    project_if_any,
    project_root,
)
from wavetank.emulator.stack.pidfile import StackRecord

NO_PORTS = ("x", ".DS_Store", "0", "65536", "99999999999", "²", "٣", "-1", "4566.draft", "04566", "")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home", tmp_path / "cache")


@pytest.mark.parametrize("kind", ["stacks", "containers"])
def test_what_is_not_named_by_a_port_is_none_of_ours(home: Home, kind: str) -> None:
    for name in (*NO_PORTS, "4566", "70"):
        (home.path / kind / name).mkdir(parents=True, exist_ok=True)
    assert (home.ports() if kind == "stacks" else home.container_ports()) == [70, 4566]


def test_where_there_is_no_folder_there_are_no_ports(home: Home) -> None:
    assert (home.ports(), home.container_ports()) == ([], [])
    home.path.mkdir()
    (home.path / "stacks").touch()
    (home.path / "containers").touch()
    assert (home.ports(), home.container_ports()) == ([], [])


@pytest.mark.parametrize("variable", [HOME_VARIABLE, CACHE_VARIABLE])
def test_a_home_that_is_a_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    monkeypatch.setenv(variable, str(file))
    with pytest.raises(UnusableFile, match=f"{file} is not a folder.") as refusal:
        Home.from_environment()
    assert refusal.value.remedy == f"Remove it, or name a folder with {variable}."


def test_a_full_disk_is_told_with_the_file(home: Home) -> None:
    folder = home.stack(4566).path
    folder.mkdir(parents=True)
    (folder / "stack.draft").symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="is full") as refusal, home.explained():
        StackRecord.of(4566, os.getpid()).write(folder / "stack.json")
    assert "Free some space" in refusal.value.remedy


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOTDIR, errno.EIO, errno.EMFILE])
def test_any_error_about_a_file_of_the_home_names_it_and_says_what_to_do(home: Home, code: int) -> None:
    for file in (home.stack(4566).log, home.cache / "packages" / "code.zip"):
        rule = f"{file} cannot be used: {os.strerror(code)}."
        with pytest.raises(UnusableFile, match=rule) as refusal, home.explained():
            raise OSError(code, os.strerror(code), str(file))
        assert HOME_VARIABLE in refusal.value.remedy


def test_an_error_about_another_file_is_not_explained_away(home: Home) -> None:
    with pytest.raises(FileNotFoundError), home.explained():
        Path("/nowhere/at/all").read_bytes()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(PROJECT_VARIABLE)
    (tmp_path / "mine" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "mine" / "wavetank.toml").touch()
    return tmp_path / "mine"


def test_the_project_is_the_nearest_folder_upwards_that_is_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "deep" / "er")
    assert project_root() == project
    (project / "deep" / "wavetank.toml").touch()
    assert project_root() == project / "deep"


def test_outside_of_a_project_it_is_said_what_to_do(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.parent)
    (project.parent / "wavetank.toml").mkdir()
    assert project_if_any() is None
    with pytest.raises(NoProject, match=str(project.parent)) as refusal:
        project_root()
    assert "wavetank init" in refusal.value.remedy
    assert "--project" in refusal.value.remedy


def test_a_working_folder_that_was_removed_is_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROJECT_VARIABLE)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(NoProject):
        project_root()


def test_the_project_that_is_named_counts_before_the_one_at_hand(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (tmp_path / "other").mkdir()
    monkeypatch.setenv(PROJECT_VARIABLE, str(tmp_path / "other"))
    with pytest.raises(NoProject, match="other"):
        project_root()
    (tmp_path / "other" / "wavetank.toml").touch()
    monkeypatch.setenv(PROJECT_VARIABLE, "../other")
    assert project_root() == tmp_path / "other"


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (HOME_VARIABLE, CACHE_VARIABLE, "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_state_is_the_users_and_not_the_projects(user: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Home.from_environment() == Home(user / ".local/state/wavetank", user / ".cache/wavetank")
    monkeypatch.setenv("XDG_STATE_HOME", str(user / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(user / "cache"))
    assert Home.from_environment() == Home(user / "state/wavetank", user / "cache/wavetank")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert Home.from_environment().path == user / ".local/state/wavetank"


def test_a_home_that_is_named_has_its_own_cache_unless_that_is_named_too(
    user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(user / "mine"))
    assert Home.from_environment() == Home(user / "mine", user / "mine/cache")
    monkeypatch.setenv(CACHE_VARIABLE, str(user / "shared"))
    assert Home.from_environment() == Home(user / "mine", user / "shared")


def test_stacks_of_an_earlier_version_in_the_project_are_seen(home: Home, tmp_path: Path) -> None:
    assert home.outdated(tmp_path) is None
    (tmp_path / ".wavetank" / "cache").mkdir(parents=True)
    assert home.outdated(tmp_path) is None
    (tmp_path / ".wavetank" / "stacks" / "4566").mkdir(parents=True)
    before = home.outdated(tmp_path)
    assert before is not None
    assert before.path == tmp_path / ".wavetank"
    assert before.outdated(tmp_path) is None

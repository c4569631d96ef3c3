"""The state folder: what is in it, and what is said of it where it cannot be used."""

import errno
import os
from pathlib import Path

import pytest

from wavetank.emulator.errors import DiskFull, UnusableFile
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home
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

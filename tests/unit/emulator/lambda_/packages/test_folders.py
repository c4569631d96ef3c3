"""Packages that the cache keeps, and those that go."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.emulator.lambda_.conftest import unzipped, zipped
from wavetank.emulator.lambda_.packages import folders as cache_folders
from wavetank.emulator.lambda_.packages.folders import ABOUT, FRESH_S, LEASES, bound
from wavetank.emulator.lambda_.packages.interpreters import Interpreter

SIZE = 64 << 10
THREE = 3 * SIZE + (24 << 10)
"""Room for three packages."""


@pytest.fixture
def packages(cache: Path, interpreter: Interpreter) -> list[Path]:
    """Five packages in the order of their last use, none of which is in use."""
    folders = [unzipped(zipped({"data.bin": str(number) * SIZE}), interpreter) for number in range(5)]
    for age, folder in enumerate(reversed(folders)):
        aged(folder, FRESH_S + 60 * (age + 1))
    return folders


def aged(folder: Path, age_s: float) -> None:
    then = time.time() - age_s
    os.utime(folder.with_name(folder.name + ABOUT), (then, then))


def left(folders: list[Path]) -> list[int]:
    return [number for number, folder in enumerate(folders) if folder.is_dir()]


def test_packages_used_longest_ago_go_until_the_others_fit(packages: list[Path]) -> None:
    bound(packages[0].parent, THREE)
    assert left(packages) == [2, 3, 4]
    assert sorted(packages[0].parent.iterdir()) == sorted(
        path for folder in packages[2:] for path in (folder, folder.with_name(folder.name + ABOUT))
    )


def test_what_fits_stays(packages: list[Path]) -> None:
    bound(packages[0].parent)
    assert left(packages) == [0, 1, 2, 3, 4]


def test_what_is_used_again_counts_as_new(packages: list[Path], interpreter: Interpreter) -> None:
    assert unzipped(zipped({"data.bin": "0" * SIZE}), interpreter) == packages[0]
    bound(packages[0].parent, THREE)
    assert left(packages) == [0, 3, 4]


def test_what_an_environment_runs_on_stays(packages: list[Path]) -> None:
    LEASES.hold(packages[:2])
    LEASES.hold(packages[:1])
    LEASES.release(packages[:2])
    bound(packages[0].parent, 0)
    assert left(packages) == [0]
    LEASES.release(packages[:1])
    bound(packages[0].parent, 0)
    assert left(packages) == []


def test_what_another_stack_runs_on_stays_until_that_has_ended(packages: list[Path]) -> None:
    source = (
        "import sys\nfrom pathlib import Path\nfrom wavetank.emulator.lambda_.packages.folders import LEASES\n"
        "LEASES.hold([Path(sys.argv[1])])\nprint(1, flush=True)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", source, str(packages[0])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        bound(packages[0].parent, 0)
        assert left(packages) == [0]
        other.kill()
    bound(packages[0].parent, 0)
    assert left(packages) == []


def test_what_was_used_just_now_stays(packages: list[Path]) -> None:
    aged(packages[0], 0)
    bound(packages[0].parent, 0)
    assert left(packages) == [0]


def test_packages_from_before_there_was_a_bound_count_too(packages: list[Path]) -> None:
    for folder in packages:
        folder.with_name(folder.name + ABOUT).unlink()
    bound(packages[0].parent, THREE)
    assert left(packages) == [0, 1, 2, 3, 4]
    assert int(packages[0].with_name(packages[0].name + ABOUT).read_text()) >= SIZE


def test_a_new_package_makes_room_for_itself(
    packages: list[Path], interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_folders, "MOST_BYTES", THREE)
    new = unzipped(zipped({"data.bin": "n" * 2 * SIZE}), interpreter)
    assert new.is_dir()
    assert left(packages) == [4]

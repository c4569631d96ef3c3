"""The pytest plugin costs nothing where it is not used, and collects the drills that are asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.spec.drill import Tag
from wavetank.scenarios.testing.session import DOCKER, TestSession

HEAVY = (
    "boto3",
    "botocore",
    "localstack",
    "pyarrow",
    "fastavro",
    "wavetank.emulator",
    "wavetank.pipeline",
    "wavetank.scenarios.spec.drill",
)
UNUSED = f"""
import sys


def test_nothing_of_ours_was_imported(request):
    assert request.config.pluginmanager.hasplugin("wavetank")
    assert [name for name in {HEAVY} if name in sys.modules] == []
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of its own, as its user runs it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def collected(folder: Path, *arguments: str) -> set[str]:
    """The names of the tests that pytest would run."""
    done = run(folder, "--collect-only", "-q", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line for line in done.stdout.splitlines() if "::" in line}


def test_a_run_that_does_not_use_it_imports_nothing_for_it(tmp_path: Path) -> None:
    (tmp_path / "test_unused.py").write_text(UNUSED)
    done = run(tmp_path, "-q")
    assert done.returncode == 0, done.stdout


def test_its_fixtures_say_what_they_are(tmp_path: Path) -> None:
    shown = run(tmp_path, "--fixtures").stdout
    for name in ("stack [session scope]", "pipeline", "faults", "settle", "ledger"):
        assert f"\n{name} -- " in shown


def test_all_drills_are_collected_beside_the_tests(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(): ...\n")
    drills = {f"wavetank::{name}" for name in catalogue()}
    assert collected(tmp_path, "--wavetank-drills=all") == drills | {"test_mine.py::test_mine"}
    assert collected(tmp_path, "--wavetank-drills=all", "-m", "drill", "--strict-markers") == drills


def test_drills_are_chosen_by_name_by_tag_and_by_keyword(tmp_path: Path) -> None:
    tagged = {f"wavetank::{name}" for name, drill in catalogue().items() if Tag.SCHEMAS in drill.tags}
    assert collected(tmp_path, "--wavetank-drills=schemas, control") == tagged | {"wavetank::control"}
    assert collected(tmp_path, "--wavetank-drills=all", "-k", "schemas") >= tagged
    assert collected(tmp_path, "--wavetank-drills=duplicates", "-n", "0") == {"wavetank::duplicates"}


def test_an_unknown_drill_is_wrong_usage_and_answered_with_those_there_are(tmp_path: Path) -> None:
    done = run(tmp_path, "--wavetank-drills=weather")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "there is no drill and no tag weather" in done.stderr
    assert "duplicates" in done.stderr


def test_workers_do_not_share_the_stack_at_a_url() -> None:
    with pytest.raises(CallerError, match="each worker has a stack of its own"):
        _ = TestSession("http://127.0.0.1:4566", 1, shared=True).stack


def test_a_station_that_was_not_used_has_nothing_to_end() -> None:
    TestSession(DOCKER, 1).close()

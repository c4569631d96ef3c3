"""Unit tests of a changed pipeline, in a copy of the checkout: those that reach the changed file, the nearest first.

A test that fails counts only if it passes without the change.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from xml.etree import ElementTree

from wavetank.emulator.errors import NoProject
from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home, project_root
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.reach import NEAR, reaching

FOLDERS = ("pipeline", "emulator", "scenarios", "schemas", "tests", "wavetank", "docs")
FILES = ("pyproject.toml", "wavetank.toml", "README.md", "Makefile")
LIMIT_S = 300.0
"""A change with which tests take longer has made something endless."""
MOST_MEMORY = 4 << 30
"""Bytes of data that tests may hold: what is endless shall not take all memory of the machine."""
PASSED, NO_TESTS = 0, 5
"""Exit codes of pytest for nothing that failed (pytest documentation, "Exit codes")."""


@dataclass(frozen=True)
class Failure:
    """The first test that failed, by its id, and its message; no id where tests did not end, or did not begin."""

    test: str
    detail: str


@dataclass
class Soundness:
    """What is known of tests without any change, shared by all copies: whether each passes."""

    _passing: dict[tuple[str, ...], bool] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def holds(self, tests: Sequence[str], passing: Callable[[Sequence[str]], bool]) -> bool:
        """Whether these pass, by what is known or else by what `passing` finds."""
        with self._lock:
            known = self._passing.get(tuple(tests))
        if known is None:
            known = passing(tests)
            with self._lock:
                self._passing[tuple(tests)] = known
        return known


@dataclass
class UnitTests:
    """Unit tests in one copy of the checkout, for one change at a time."""

    root: Path
    soundness: Soundness
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @classmethod
    @contextmanager
    def copied(cls, soundness: Soundness) -> Iterator["UnitTests"]:
        """Unit tests in a copy of the checkout, which is there for as long as the block lasts.

        Raises NoProject where the project is not the checkout of wavetank: no other has these tests.
        """
        checkout = project_root()
        if not (checkout / NEAR).is_dir():
            raise NoProject(f"{checkout} is not the checkout of wavetank, whose unit tests are to be run.")
        # Tests that are cut short may still write while the copy is removed.
        with TemporaryDirectory(prefix="wavetank-mutation-", ignore_cleanup_errors=True) as folder:
            root = Path(folder)
            for name in FOLDERS:
                # With times and byte code, which is valid for all but a file that is written anew.
                shutil.copytree(checkout / name, root / name, symlinks=True)
            for name in FILES:
                shutil.copy2(checkout / name, root / name)
            tests = cls(root, soundness)
            try:
                yield tests
            finally:
                tests.stop()

    def stop(self) -> None:
        """End the tests that run now."""
        if self._running is not None:
            _kill(self._running)

    def failure(self, change: Change) -> Failure | None:
        """The first test that fails with a change and passes without it; None where all pass."""
        file, tests = self.root / "pipeline" / change.file, reaching(self.root, change.file)
        before = file.read_text("utf-8")
        while tests:
            file.write_text(change.applied_to(before), "utf-8")
            try:
                failure = self._first_failure(tests)
            finally:
                file.write_text(before, "utf-8")
            if failure is None:
                return None
            culprits = [failure.test.partition("::")[0]] if failure.test else tests
            if self.soundness.holds(culprits, lambda tests: self._first_failure(tests) is None):
                return failure
            tests = [test for test in tests if test not in culprits]
        return None

    def _first_failure(self, tests: Sequence[str]) -> Failure | None:
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        command = [
            sys.executable, "-P", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not stack",
            "--hypothesis-seed=0", f"--junitxml={report}", "-o", "junit_family=xunit1", *tests,
        ]  # fmt: skip
        code = self._run(command)
        if code in (PASSED, NO_TESTS):
            return None
        if code is None:
            return Failure("", f"not done after {LIMIT_S:.0f} s")
        return _first_in(report) or Failure("", f"pytest ended with {code}")

    def _run(self, command: Sequence[str]) -> int | None:
        """The exit code of tests; None where they took too long."""
        root = self.root
        environment = {
            **os.environ,
            CACHE_VARIABLE: str(Home.from_environment().cache),
            HOME_VARIABLE: str(root / ".wavetank"),
            "PYTHONPATH": str(root),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        with subprocess.Popen(  # noqa: S603 - pytest, on files of ours
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            self._running = process
            resource.prlimit(process.pid, resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
            try:
                return process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                return None
            finally:
                _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process that leads a session, with all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _first_in(report: Path) -> Failure | None:
    """The first failure or error in a report of pytest's (JUnit XML, family xunit1, which names files)."""
    if not report.is_file():
        return None
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest wrote it just now
        for outcome in case:
            if outcome.tag in ("failure", "error"):
                # What cannot be collected has no file, and its module for a name.
                file = case.get("file") or f"{case.get('name', '').replace('.', '/')}.py"
                message = outcome.get("message", "").strip().partition("\n")[0]
                return Failure(f"{file}::{case.get('name')}", message)
    return None

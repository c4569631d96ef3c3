"""wavetank in pytest: a stack, a clean pipeline for each test, faults, the ledger, and the drills as tests.

pytest loads this module by its entry point in every run, so it imports nothing of ours before a test asks for it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wavetank.emulator.stack.fault_blocks import FaultBlocks
    from wavetank.emulator.stack.stack import Stack
    from wavetank.scenarios.oracle.ledger import Ledger
    from wavetank.scenarios.run.report import Report
    from wavetank.scenarios.site.site import Site
    from wavetank.scenarios.spec.drill import Drill
    from wavetank.scenarios.testing.pipeline import PipelineUnderTest
    from wavetank.scenarios.testing.session import TestSession

SESSION: pytest.StashKey["TestSession"] = pytest.StashKey()
MARK = "drill"
NODE = "wavetank"
"""Drills are named `wavetank::<drill>`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("wavetank", "wavetank: a serverless event pipeline, and its drills")
    group.addoption(
        "--wavetank-stack",
        default="embedded",
        metavar="embedded|docker|URL",
        help="the stack that tests run on: one of this session's own, in a process or in a container, or the one at "
        "a URL, whose data are thrown away",
    )
    group.addoption(
        "--wavetank-drills",
        default="",
        metavar="NAME|TAG|all,…",
        help="collect these drills as tests as well; `wavetank drills` lists them, `-m drill` runs nothing else",
    )
    group.addoption("--wavetank-seed", default=1, type=int, metavar="N", help="seed of the drills")


def pytest_configure(config: pytest.Config) -> None:
    """Make our mark known."""
    config.addinivalue_line("markers", f"{MARK}: a wavetank drill (see --wavetank-drills)")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Collect the drills beside what the session has found."""
    report: Any = yield
    words = [word.strip() for word in str(collector.config.getoption("--wavetank-drills")).split(",") if word.strip()]
    if words and isinstance(collector, pytest.Session) and report.passed:
        from wavetank.scenarios.drills.catalogue import UnknownDrillError, chosen

        try:
            drills = chosen(words)
        except UnknownDrillError as error:
            raise pytest.UsageError(f"--wavetank-drills: {error}") from error
        report.result.append(Drills.from_parent(collector, name=NODE, nodeid=NODE, drills=drills))
    return report  # type: ignore[no-any-return]


class Drills(pytest.Collector):
    """The drills that were asked for."""

    def __init__(self, *, drills: "list[Drill]", **node: Any) -> None:
        super().__init__(**node)
        self._drills = drills

    def collect(self) -> Iterable[pytest.Item]:
        """A test for each drill."""
        return [DrillItem.from_parent(self, name=drill.name, drill=drill) for drill in self._drills]


class DrillItem(pytest.Item):
    """A drill as a test: it passes if its verdict is pass. drill: the drill that is held; a conftest may change it."""

    def __init__(self, *, drill: "Drill", **node: Any) -> None:
        super().__init__(**node)
        self.drill = drill
        self.add_marker(MARK)
        self.extra_keyword_matches.update(str(tag) for tag in drill.tags)

    def runtest(self) -> None:
        """Hold the drill on the session's stack. Raises DrillError for a verdict that is not pass.

        Skipped where that stack cannot hold it.
        """
        from wavetank.scenarios.oracle.evidence import Verdict
        from wavetank.scenarios.run.skips import unfit

        session = session_of(self.config)
        if reason := unfit(self.drill, session.stack):
            pytest.skip(reason)
        report = session.hold(self.drill)
        self.user_properties += [("seed", report.seed), ("fired", sum(report.fired.values()))]
        if report.verdict is not Verdict.PASS:
            raise DrillError(report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings of the drill, without a traceback; an error of another kind as usual."""
        if isinstance(excinfo.value, DrillError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is shown."""
        return self.path, None, f"drill {self.name}: {self.drill.hypothesis}"


class DrillError(Exception):
    """A drill did not pass; the message says what it found and how to repeat it."""

    def __init__(self, report: "Report") -> None:
        findings = [f"{finding.checker}: {finding.detail}" for finding in report.not_passed]
        counts = ", ".join(f"{name} {number}" for name, number in report.totals.counts().items() if number)
        lines = (f"{report.name}: {report.verdict}", *findings, f"ledger: {counts}", f"again: {report.command}")
        super().__init__("\n".join((*lines, f"history: {report.folder}")))


def session_of(config: pytest.Config) -> "TestSession":
    """The session's stack and its drills; whatever it starts ends with the session."""
    if SESSION not in config.stash:
        from wavetank.scenarios.testing.session import TestSession

        workers = getattr(config, "workerinput", {}).get("workercount", 1)
        kind, seed = config.getoption("--wavetank-stack"), config.getoption("--wavetank-seed")
        config.stash[SESSION] = TestSession(kind, seed, shared=workers > 1)
        config.add_cleanup(config.stash[SESSION].close)
    return config.stash[SESSION]


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> "Stack":
    """The stack that --wavetank-stack names; with pytest-xdist each worker has one of its own."""
    return session_of(pytestconfig).stack


@pytest.fixture(scope="session")
def wavetank_site(pytestconfig: pytest.Config, stack: "Stack") -> "Site":
    """The pipeline deployed on `stack`, once a session."""
    return session_of(pytestconfig).site(stack)


@pytest.fixture
def pipeline(wavetank_site: "Site") -> "Iterator[PipelineUnderTest]":
    """The pipeline without data and without faults: feed, settle, tick, read, ledger."""
    from wavetank.scenarios.testing.pipeline import PipelineUnderTest

    clean = PipelineUnderTest(wavetank_site)
    clean.clean()
    yield clean
    wavetank_site.stack.control.clear_faults()


@pytest.fixture
def faults(stack: "Stack") -> "Iterator[FaultBlocks]":
    """Faults as blocks, `with faults.drop("s3.notification", nth=3): …`; none is left after the test.

    A fault that was made and never entered fails the test: nothing was ever set.
    """
    stack.faults.forgotten()
    yield stack.faults
    stack.faults.clear()
    forgotten = ", ".join(map(str, stack.faults.forgotten()))
    if forgotten:
        pytest.fail(f"no fault was set: {forgotten}. A fault is a block: write `with faults.…(…):`", pytrace=False)


@pytest.fixture
def settle(stack: "Stack") -> "Callable[..., None]":
    """Call it to wait until nothing is in flight: `settle(timeout_s=60)`."""
    return stack.settle


@pytest.fixture
def ledger(pipeline: "PipelineUnderTest") -> "Callable[..., Ledger]":
    """Call it to see where every event is that the test has fed: `ledger()`, `ledger("click")`."""
    return pipeline.ledger

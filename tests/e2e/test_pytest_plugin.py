"""A user's own test, word for word as the documentation has it, and the drills as tests."""

import os
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from wavetank.emulator.stack.home import CACHE_VARIABLE, HOME_VARIABLE, Home
from wavetank.emulator.stack.stack import EmbeddedStack
from wavetank.scenarios.client.at_rest import Layer
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.testing.pipeline import PipelineUnderTest

pytestmark = pytest.mark.stack

LONGEST_EXAMPLE = 10
"""Lines of a user's own end-to-end test."""
AT_MOST_S = 1.0
WITHIN_S = 300
SMALL_DRILLS = """
from dataclasses import replace

from wavetank.scenarios.spec import Action, Fault, Point, Workload

SMALL = Workload(events=60, hours=1, portions=1)
NEVER = Fault("never", Point.S3_NOTIFICATION, Action.DROP, {"key": "no-such-key"})


def pytest_collection_modifyitems(items):
    for item in items:
        item.drill = replace(item.drill, workload=SMALL)
        if item.name == "dropped-notifications":
            item.drill = replace(item.drill, nemeses=(NEVER,))
"""


def example(document: Path) -> str:
    """The first block of Python that holds a test for pytest."""
    blocks: list[str] = re.findall(r"^```python\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if "def test_" in block)


def run(folder: Path, home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a folder of its own, as its user runs it, with its stacks' state in `home`."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-ra", *arguments],
        cwd=folder,
        env=outer | {HOME_VARIABLE: str(home.path), CACHE_VARIABLE: str(home.cache)},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


@pytest.mark.parametrize("document", ["README.md", "docs/pytest.md"])
def test_the_documented_test_has_ten_lines_and_passes(
    stack: EmbeddedStack, root: Path, own_home: Home, tmp_path: Path, document: str
) -> None:
    text = example(root / document)
    _, _, body = text.partition("def test_")
    assert len(body.strip().splitlines()) <= LONGEST_EXAMPLE
    (tmp_path / "test_mine.py").write_text(text)
    done = run(tmp_path, own_home, f"--wavetank-stack={stack.endpoint_url}")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_two_workers_have_a_stack_each_which_ends_with_them(root: Path, own_home: Home, tmp_path: Path) -> None:
    text = example(root / "docs/pytest.md")
    for number in (1, 2):
        told = f"\n\ndef test_where(stack):\n    open('endpoint-{number}', 'w').write(stack.endpoint_url)\n"
        (tmp_path / f"test_{number}.py").write_text(text + told)
    done = run(tmp_path, own_home, "-n", "2", "--dist", "loadfile")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    assert len({(tmp_path / f"endpoint-{number}").read_text() for number in (1, 2)}) == 2
    assert EmbeddedStack.running(own_home) == []


def test_a_drill_is_a_test_and_one_that_does_not_pass_says_how_to_repeat_it(
    stack: EmbeddedStack, own_home: Home, tmp_path: Path
) -> None:
    (tmp_path / "conftest.py").write_text(SMALL_DRILLS)
    chosen = "--wavetank-drills=control,duplicates,dropped-notifications"
    done = run(tmp_path, own_home, chosen, f"--wavetank-stack={stack.endpoint_url}", "--wavetank-seed=5")
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "wavetank drill dropped-notifications --seed 5 --events 60" in done.stdout
    assert "faults-fired: never fired: never" in done.stdout
    assert "Traceback" not in done.stdout


FORGOTTEN = """
def test_no_with(faults):
    faults.drop("s3.notification")


def test_misspelt(faults):
    faults.drop("s3.notifcation")


def test_block(faults):
    with faults.drop("s3.notification") as fault:
        assert not fault.firings()
"""


def test_a_fault_that_is_misspelt_or_never_entered_fails_the_test(
    stack: EmbeddedStack, own_home: Home, tmp_path: Path
) -> None:
    (tmp_path / "test_mine.py").write_text(FORGOTTEN)
    done = run(tmp_path, own_home, f"--wavetank-stack={stack.endpoint_url}")
    assert "1 failed, 2 passed, 1 error" in done.stdout, done.stdout + done.stderr
    assert "no fault was set: drop at s3.notification. A fault is a block" in done.stdout
    assert "there is no fault point 's3.notifcation'" in done.stdout


@pytest.fixture(scope="module")
def site(stack: EmbeddedStack) -> Site:
    return Site.deployed_on(stack)


def test_a_pipeline_is_clean_again_in_well_under_a_second(site: Site) -> None:
    pipeline = PipelineUnderTest(site)
    pipeline.clean()
    pipeline.feed_synthetic(120, seed=4)
    site.stack.control.add_fault({"point": "s3.notification", "action": "drop"})
    pipeline.settle()
    site.stack.control.clear_faults()
    pipeline.tick()
    assert pipeline.ledger().landed == len(pipeline.history.operations) == 120
    assert {len(pipeline.read("click", layer)) for layer in (Layer.AVRO, Layer.PARQUET)} == {12}
    site.stack.control.add_fault({"point": "s3.notification", "action": "drop"})
    began = monotonic()
    pipeline.clean()
    took = monotonic() - began
    assert (pipeline.read("click"), pipeline.quarantined(), site.stack.control.faults()) == ([], [], [])
    assert pipeline.ledger().attempted == 0
    assert took < AT_MOST_S


def test_an_event_type_that_there_is_not_is_answered_with_those_there_are(site: Site) -> None:
    with pytest.raises(LookupError, match="there are: click, conversion, impression"):
        PipelineUnderTest(site).feed("purchase", [])

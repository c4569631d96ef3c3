"""A test that fails counts if it passes without the change; one that does not end is one that fails."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.waiting import until
from wavetank.scenarios.exploration.mutation import unit_tests
from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.unit_tests import Soundness, UnitTests

SOURCE = "LIMIT = 3\n\n\ndef upto(number):\n    return list(range(min(number, LIMIT)))\n"
TESTS = """
from wavetank.pipeline.counting import upto


def test_it_ends_at_the_limit():
    assert len(upto(5)) == 3


def test_it_is_of_this_machine():
    assert {sound}
"""


def change(old: str, new: str) -> Change:
    return Change("counting.py", "number", 1, "", old, new, SOURCE.replace(old, new))


@pytest.fixture
def checkout(tmp_path: Path) -> UnitTests:
    """A pipeline of one module, and its test."""
    (tmp_path / "wavetank").mkdir()
    (tmp_path / "wavetank" / "__init__.py").write_text("")
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "wavetank" / "pipeline").symlink_to("../pipeline")
    (tmp_path / "pipeline" / "__init__.py").write_text("")
    (tmp_path / "pipeline" / "counting.py").write_text(SOURCE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = stack\naddopts = -p no:wavetank\n")
    folder = tmp_path / "tests" / "unit" / "pipeline"
    folder.mkdir(parents=True)
    (folder / "test_counting.py").write_text(TESTS.format(sound=True))
    return UnitTests(tmp_path, Soundness())


def test_the_test_that_fails_is_named_and_the_file_is_what_it_was(checkout: UnitTests) -> None:
    failure = checkout.failure(change("LIMIT = 3", "LIMIT = 4"))
    assert failure is not None
    assert failure.test == "tests/unit/pipeline/test_counting.py::test_it_ends_at_the_limit"
    assert "assert 4 == 3" in failure.detail
    assert (checkout.root / "pipeline" / "counting.py").read_text() == SOURCE


def test_what_cannot_even_be_imported_is_noticed(checkout: UnitTests) -> None:
    failure = checkout.failure(change("LIMIT = 3", "LIMIT = LEAST"))
    assert failure is not None
    assert failure.test.startswith("tests/unit/pipeline/test_counting.py")


def test_a_change_that_every_test_passes_with_is_not_noticed(checkout: UnitTests) -> None:
    assert checkout.failure(change("range(min", "range(0 + min")) is None


def test_a_test_that_fails_without_the_change_says_nothing(checkout: UnitTests) -> None:
    tests = checkout.root / "tests" / "unit" / "pipeline" / "test_counting.py"
    tests.write_text(TESTS.format(sound=False))
    assert checkout.failure(change("LIMIT = 3", "LIMIT = 4")) is None


def test_a_change_that_makes_something_endless_is_noticed(checkout: UnitTests, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = change("    return list", "    while True:\n        pass\n    return list")
    checkout.soundness.holds(["tests/unit/pipeline/test_counting.py"], lambda _tests: True)
    monkeypatch.setattr(unit_tests, "LIMIT_S", 2.0)
    failure = checkout.failure(endless)
    assert failure is not None
    assert failure.detail == "not done after 2 s"


def test_tests_that_run_when_a_copy_is_given_up_end(checkout: UnitTests) -> None:
    started = checkout.root / "started"
    endless = change(
        "    return list", f"    open({str(started)!r}, 'w').close()\n    while True:\n        pass\n    return list"
    )
    checkout.soundness.holds(["tests/unit/pipeline/test_counting.py"], lambda _tests: True)
    with ThreadPoolExecutor(1) as pool:
        failure = pool.submit(checkout.failure, endless)
        assert until(started.exists, 120)
        checkout.stop()
        assert failure.result() is not None

"""The tests that reach a file are found by imports, the nearest first."""

from pathlib import Path

from wavetank.scenarios.exploration.mutation.reach import reaching


def test_the_tests_of_a_module_come_before_those_of_what_uses_it(root: Path) -> None:
    files = reaching(root, "core/frame.py")
    assert "tests/unit/pipeline/core/test_frame.py" in files
    assert files.index("tests/unit/pipeline/core/test_frame.py") < files.index(
        "tests/unit/pipeline/core/test_decode.py"
    )
    assert all((root / file).is_file() for file in files)


def test_a_template_is_reached_by_the_tests_of_its_promises(root: Path) -> None:
    assert "tests/unit/pipeline/template/test_promises.py" in reaching(root, "template/permissions.py")


def test_what_no_test_imports_is_reached_by_none(tmp_path: Path) -> None:
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "alone.py").write_text("")
    assert reaching(tmp_path, "alone.py") == []

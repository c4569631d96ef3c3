"""Own code as files: what cannot be deployed is told with file, line and rule, and none of it is run."""

from pathlib import Path

import pytest

from wavetank.pipeline.components.code import code_files, problems
from wavetank.pipeline.errors import ConfigurationError

SOUND = "def enrich(event, reference):\n    return event\n"


def told(folder: Path, source: str, **modules: str) -> list[str]:
    for name, text in {"enrich": source, **modules}.items():
        (folder / f"{name}.py").write_text(text)
    files = code_files(folder)
    assert files is not None
    return [problem.removeprefix(str(folder)) for problem in problems(files, {"phonenumbers"}, {"prices"})]


def test_a_folder_without_enrich_has_no_code(tmp_path: Path) -> None:
    (tmp_path / "helpers.py").touch()
    assert code_files(tmp_path) is None


@pytest.mark.parametrize(
    "source",
    [
        SOUND,
        "def enrich(event, reference, more=None): return event\n",
        "def enrich(*given): return given[0]\n",
        "import json\nfrom decimal import Decimal\nfrom . import helpers\nfrom .helpers import help\n" + SOUND,
        "from wavetank.pipeline.enrichment import Drop\nimport phonenumbers.util\n" + SOUND,
        "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n" + SOUND,
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n" + SOUND,
        'REFERENCES = ("prices",)\n' + SOUND,
        "raise SystemExit  # is not run\n" + SOUND,
    ],
)
def test_sound_code_has_no_problem_and_is_not_run(tmp_path: Path, source: str) -> None:
    assert told(tmp_path, source, helpers="def help(): ...\n") == []


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("def enrich(event, reference:\n", "/enrich.py, line 1: '(' was never closed"),
        ("x = 1\n\nreturn x\n" + SOUND, "/enrich.py, line 3: 'return' outside function"),
        ("x = '\0'\n", "/enrich.py, line 1: source code string cannot contain null bytes"),
        ("def enriched(event, reference): ...\n", "/enrich.py, line 1: has no function enrich; write def enrich"),
        ("def enrich(event): return event\n", "/enrich.py, line 1: enrich is called with two arguments"),
        ("def enrich(a, b, c): return a\n", "/enrich.py, line 1: enrich is called with two arguments"),
        ("def enrich(a, b, *, c): return a\n", "/enrich.py, line 1: enrich is called with two arguments"),
        ("async def enrich(event, reference): return event\n", "/enrich.py, line 1: enrich is async"),
        ("def enrich(event, reference):\n    yield event\n", "/enrich.py, line 1: enrich is a generator"),
        (SOUND + "import numpy\n", "/enrich.py, line 3: numpy is not in Python's library nor in the event type's"),
        ("def enrich(event, reference):\n    import numpy\n    return event\n", "/enrich.py, line 2: numpy"),
        ("import helpers\n" + SOUND, "/enrich.py, line 1: helpers is not in Python's library nor in the event type's "
         "layer; write `from . import helpers`"),
        ("from .absent import x\n" + SOUND, "/enrich.py, line 1: .absent is not"),
        ("from . import absent\n" + SOUND, "/enrich.py, line 1: .absent is not"),
        ("from .. import other\n" + SOUND, "/enrich.py, line 1: .. is not"),
        ('REFERENCES = ("price",)\n' + SOUND, "/enrich.py: REFERENCES names the snapshot price, which there is not; "
         "there are: prices"),
    ],
)  # fmt: skip
def test_code_that_cannot_work_is_told_with_file_line_and_rule(tmp_path: Path, source: str, problem: str) -> None:
    (first, *_) = told(tmp_path, source, helpers="def help(): ...\n")
    assert first.startswith(problem)


def test_every_module_beside_it_is_looked_at(tmp_path: Path) -> None:
    assert told(tmp_path, SOUND, helpers="import numpy\n")[0].startswith("/helpers.py, line 1: numpy")


@pytest.mark.parametrize("value", ["prices()", '("a", 1)', '"prices"', "{'a': 1}"])
def test_references_are_written_out(tmp_path: Path, value: str) -> None:
    (tmp_path / "enrich.py").write_text(f"REFERENCES = {value}\n{SOUND}")
    with pytest.raises(ConfigurationError, match=r"enrich.py, line 1: REFERENCES is names of snapshots, written out"):
        code_files(tmp_path)

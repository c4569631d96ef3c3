"""A benchmark is found by its module, and its figures are refused where they are none."""

from pathlib import Path
from typing import Any, cast

import pytest

from wavetank.emulator.stack.stack import ExternalStack
from wavetank.scenarios.benchmarks import registry

NOWHERE = ExternalStack("http://127.0.0.1:1")


def test_every_module_with_a_run_is_a_benchmark_and_no_other() -> None:
    assert "pipeline" in registry.names()
    assert not {"registry", "merge_jobs", "__init__"} & set(registry.names())


def test_an_unknown_benchmark_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(registry.UnknownBenchError, match="pipeline"):
        registry.run("nothing", NOWHERE)


@pytest.mark.parametrize(
    ("name", "body", "said"), [("hollow", "{}", "no figures"), ("endless", "{'a_s': float('inf')}", "a_s")]
)
def test_figures_that_are_none_are_refused(
    name: str, body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").write_text(f"def run(stack):\n    return {body}\n")
    _look_also_in(tmp_path, monkeypatch)
    with pytest.raises(registry.BenchFailedError, match=said):
        registry.run(name, NOWHERE)


def test_a_result_says_where_it_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "steady.py").write_text("def run(stack):\n    return {'events_per_s': 5.0}\n")
    _look_also_in(tmp_path, monkeypatch)
    said = registry.run("steady", NOWHERE).document()
    assert (said["bench"], said["metrics"]) == ("steady", {"events_per_s": 5.0})
    environment = cast(dict[str, Any], said["environment"])
    assert environment["python"].startswith("3.")
    assert environment["cpu_count"] >= 1
    assert environment["versions"]["localstack-core"]


def _look_also_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wavetank.scenarios import benchmarks

    monkeypatch.setattr(benchmarks, "__path__", [*benchmarks.__path__, str(folder)])

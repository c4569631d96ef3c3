"""The benchmarks: every module of this package that has a function `run(stack) -> dict[str, float]`.

A benchmark deploys what it needs, measures ratios within one run, and returns its figures by name; the unit is
the end of the name (`_per_s`, `_s`, `_ms`, `_us`, `_mib`, `_share`, `share_of_…`, none for counts).
"""

import ast
import importlib
import importlib.util
import math
import os
import pkgutil
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from wavetank.emulator.stack.stack import Stack
from wavetank.scenarios import benchmarks

MEASURED_WITH = ("wavetank", "localstack-core", "boto3", "awslambdaric", "fastavro", "numpy", "pyarrow", "polars")

Run = Callable[[Stack], Mapping[str, float]]


class UnknownBenchError(LookupError):
    """There is no benchmark of that name; the message says which there are."""


class BenchFailedError(Exception):
    """A benchmark has no figures: what it measured did not do its work; the message says what was wrong."""


@dataclass(frozen=True)
class Result:
    """The figures of one benchmark."""

    bench: str
    metrics: Mapping[str, float]

    def document(self) -> dict[str, Any]:
        """The figures and where they were measured, as plain data."""
        return {"bench": self.bench, "metrics": dict(self.metrics), "environment": environment()}


def names() -> list[str]:
    """The names of all benchmarks, sorted; none of them is imported."""
    own = __name__.rpartition(".")[2]
    benches = []
    for module in pkgutil.iter_modules(benchmarks.__path__):
        spec = importlib.util.find_spec(f"{benchmarks.__name__}.{module.name}")
        if module.name == own or spec is None or spec.origin is None:
            continue
        tree = ast.parse(Path(spec.origin).read_text("utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body):
            benches.append(module.name)
    return sorted(benches)


def run(name: str, stack: Stack) -> Result:
    """The figures of one benchmark on `stack`.

    Raises UnknownBenchError for a name that is not there, BenchFailedError where a figure is no finite number.
    """
    if name not in names():
        raise UnknownBenchError(f"there is no benchmark {name}; there are: {', '.join(names())}")
    measure: Run = importlib.import_module(f"{benchmarks.__name__}.{name}").run
    metrics = measure(stack)
    wrong = {key: value for key, value in metrics.items() if not math.isfinite(value)}
    if wrong or not metrics:
        raise BenchFailedError(f"{name} gave {wrong or 'no figures'}")
    return Result(name, metrics)


def environment() -> dict[str, Any]:
    """The surroundings of the figures: interpreter, processors, platform, versions of the parts."""
    versions = {}
    for package in MEASURED_WITH:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "python": platform.python_version(),
        "cpu_count": os.process_cpu_count() or 1,
        "platform": platform.platform(),
        "versions": versions,
    }

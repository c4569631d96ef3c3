"""The tests that reach a file of the pipeline: those from which imports lead to it."""

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

NEAR = "tests/unit/pipeline/"
"""All tests here that reach a file are run, and of the others those that import it themselves."""
WHERE = ("tests/unit", "tests/stateful", "tests/checkers")
"""Folders of tests that need no stack, but for some."""


def reaching(root: Path, file: str) -> list[str]:
    """The test files of the checkout `root` that reach a file below `pipeline/`, the nearest first, then by name."""
    importers = dict[str, set[str]]()
    for importer, modules in _imports(root).items():
        for module in modules:
            importers.setdefault(module, set()).add(importer)
    ring = {_module_of(Path("wavetank/pipeline") / file)}
    distances = dict.fromkeys(ring, 0)
    while ring:
        ring = {importer for module in ring for importer in importers.get(module, ())} - set(distances)
        distances |= dict.fromkeys(ring, max(distances.values()) + 1)
    tests = (
        (distance, f"{module.replace('.', '/')}.py")
        for module, distance in distances.items()
        if module.rpartition(".")[2].startswith("test_")
    )
    return [path for distance, path in sorted(tests) if distance == 1 or path.startswith(NEAR)]


@cache
def _imports(root: Path) -> Mapping[str, set[str]]:
    """Module → what it imports, of the pipeline and of the tests; a change does not matter here, and is not seen."""
    sources = [(Path("wavetank"), path) for path in (root / "pipeline").rglob("*.py")]
    sources += [(Path(), path) for folder in WHERE for path in (root / folder).rglob("*.py")]
    modules = dict[str, set[str]]()
    for below, path in sources:
        names = modules.setdefault(_module_of(below / path.relative_to(root)), set())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def _module_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")

"""The changes that operators make to a Python file of the pipeline.

Left out is what can make no difference to data at rest: words for people (docstrings, messages of errors and
rejections, help of options), types, imports and decorators.
"""

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from wavetank.scenarios.exploration.mutation.change import Change
from wavetank.scenarios.exploration.mutation.operators import OPERATORS, Operator, is_docstring, name_of

SILENT: tuple[type[cst.CSTNode], ...] = (
    cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.TypeParameters, cst.TypeAlias, cst.Assert,
)  # fmt: skip
"""Nodes that say nothing to the running pipeline."""
WORDS = frozenset({"Rejection", "ArgumentParser", "add_argument"})
"""Calls whose texts are for people."""


@dataclass(frozen=True)
class Mutation:
    """A node of a file and what an operator puts in its place."""

    file: str
    operator: str
    line: int
    place: str
    source: "SourceFile"
    old: cst.CSTNode
    new: cst.CSTNode

    def change(self) -> Change | None:
        """The change that comes of it; None where it changes nothing, or what comes of it is no Python."""
        text = self.source.with_replaced(self.old, self.new)
        if not _differs(self.source.text, text):
            return None
        old, new = _differing_lines(self.source.text, text)
        return Change(self.file, self.operator, self.line, self.place, old, new, text)


@dataclass(frozen=True)
class SourceFile:
    """A Python file of the pipeline: its name below the folder, and its text."""

    name: str
    text: str

    @cached_property
    def wrapper(self) -> MetadataWrapper:
        """The parsed file."""
        return MetadataWrapper(cst.parse_module(self.text), unsafe_skip_copy=True)

    def mutations(self) -> Iterator[Mutation]:
        """Every mutation, in the order of the file."""
        walk = _Walk()
        self.wrapper.visit(walk)
        positions = self.wrapper.resolve(PositionProvider)
        for node, place in walk.nodes:
            for operator in _operators_of(type(node)):
                for new in operator[1](node):
                    line = positions[node].start.line
                    yield Mutation(self.name, name_of(operator), line, place, self, node, new)

    def with_replaced(self, old: cst.CSTNode, new: cst.CSTNode) -> str:
        """The text of the file with one node in the place of another."""
        changed = self.wrapper.module.deep_replace(old, new)
        assert isinstance(changed, cst.Module)
        return changed.code


class _Walk(cst.CSTVisitor):
    """Collects the nodes that may be changed, each with the name of the function or class around it."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[tuple[cst.CSTNode, str]] = []
        self._around: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, SILENT) or is_docstring(node) or _is_for_types(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._around.append(node.name.value)
        self.nodes.append((node, ".".join(self._around)))
        return not isinstance(node, cst.Raise) and not (isinstance(node, cst.Call) and _is_for_people(node))

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._around.pop()


def _is_for_types(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.If) and isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"


def _is_for_people(node: cst.Call) -> bool:
    func = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return isinstance(func, cst.Name) and func.value in WORDS


@cache
def _operators_of(kind: type[cst.CSTNode]) -> tuple[Operator, ...]:
    return tuple(operator for operator in OPERATORS if issubclass(kind, operator[0]))


def _differs(old: str, new: str) -> bool:
    """Whether a text is Python, and another program than the old one."""
    try:
        tree = ast.parse(new)
        compile(tree, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return ast.dump(tree) != _program(old)


@cache
def _program(text: str) -> str:
    return ast.dump(ast.parse(text))


def _differing_lines(old: str, new: str) -> tuple[str, str]:
    """The lines that differ, as they are and as they become, without indentation."""
    before, after = old.splitlines(), new.splitlines()
    gone, come = list[str](), list[str]()
    for tag, start, end, new_start, new_end in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if tag != "equal":
            gone += before[start:end]
            come += after[new_start:new_end]
    return "\n".join(map(str.strip, gone)), "\n".join(map(str.strip, come))

"""An event type's own code as files: which they are, and what of them is wrong, seen without running any of it.

`enrich.py` in the folder of an event type has `def enrich(event, reference)` (`pipeline.enrichment`), and takes what it
needs from modules beside it, Python's library, and the packages of its `requirements.lock`.
"""

import ast
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from wavetank.pipeline.errors import ConfigurationError

ENTRY = "enrich.py"
FUNCTION, REFERENCES = "enrich", "REFERENCES"
PARAMETERS = 2
PROVIDED = frozenset({"wavetank", "fastavro", "boto3", "botocore"})
"""What every function has: the pipeline, its codec, and what the Lambda runtime brings."""


@dataclass(frozen=True, slots=True)
class CodeFiles:
    """The modules of an event type's own code, by name; `references`: the snapshots that it looks up."""

    modules: tuple[Path, ...]
    references: tuple[str, ...]


def code_files(folder: Path) -> CodeFiles | None:
    """The own code in the folder of an event type; None where it has no enrich.py.

    Raises ConfigurationError naming file, line and rule where `REFERENCES` is none.
    """
    if not (folder / ENTRY).is_file():
        return None
    modules = tuple(sorted(folder.glob("*.py")))
    try:
        names = _references(ast.parse((folder / ENTRY).read_bytes()))
    except (SyntaxError, ValueError) as error:
        # A file that is no Python has no references, and `problems` says so of it.
        if isinstance(error, _NoReferences):
            raise ConfigurationError(f"{folder / ENTRY}, line {error.line}: {error}") from error
        names = ()
    return CodeFiles(modules, names)


def problems(files: CodeFiles, packages: Collection[str], snapshots: Collection[str]) -> Iterator[str]:
    """Everything that keeps own code from being deployed, with file, line and rule.

    packages: names that can be imported from the layer of the event type. snapshots: those that there are.
    """
    siblings = {path.stem for path in files.modules}
    for path in files.modules:
        try:
            tree = ast.parse(path.read_bytes(), str(path))
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = (error.lineno or 1) if isinstance(error, SyntaxError) else 1
            yield f"{path}, line {line}: {error.msg if isinstance(error, SyntaxError) else error}"
            continue
        if path.name == ENTRY:
            yield from (f"{path}{problem}" for problem in _function_problems(tree))
        for line, name in _imports(tree, siblings):
            if name not in packages and name not in PROVIDED and name not in sys.stdlib_module_names:
                hint = f"from . import {name}" if name in siblings else ""
                remedy = f"write `{hint}`" if hint else "name its package in requirements.txt and lock it"
                yield f"{path}, line {line}: {name} is not in Python's library nor in the event type's layer; {remedy}"
    for name in files.references:
        if name not in snapshots:
            listed = ", ".join(sorted(snapshots)) or "none"
            entry = next(path for path in files.modules if path.name == ENTRY)
            yield f"{entry}: {REFERENCES} names the snapshot {name}, which there is not; there are: {listed}"


def _function_problems(tree: ast.Module) -> Iterator[str]:
    """Why there is no usable `enrich` at the top of a module; each begins with its line."""
    functions = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == FUNCTION
    ]
    if not functions:
        yield f", line 1: has no function {FUNCTION}; write def {FUNCTION}(event, reference)"
        return
    function = functions[-1]
    place, arguments = f", line {function.lineno}: {FUNCTION}", function.args
    if isinstance(function, ast.AsyncFunctionDef):
        yield f"{place} is async; write a plain function"
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _own_nodes(function)):
        yield f"{place} is a generator; return the event"
    positional = [*arguments.posonlyargs, *arguments.args]
    needed = len(positional) - len(arguments.defaults)
    keywords = [
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is None
    ]
    takes = needed <= PARAMETERS <= len(positional) or (arguments.vararg is not None and needed <= PARAMETERS)
    if not takes or keywords:
        yield f"{place} is called with two arguments; write def {FUNCTION}(event, reference)"


def _own_nodes(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function, without those of functions inside of it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def _imports(tree: ast.Module, siblings: Collection[str]) -> Iterator[tuple[int, str]]:
    """The line and top-level name of each import, wherever it is made; relative ones of `siblings` are left out.

    One that is tried (`try: … except ImportError`) may fail, and one for type checkers is never made.
    """
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name.partition(".")[0]) for alias in names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield node.lineno, module.partition(".")[0]
            case ast.ImportFrom(level=1, module=None, names=names):
                yield from ((node.lineno, f".{alias.name}") for alias in names if alias.name not in siblings)
            case ast.ImportFrom(level=level, module=module) if level:
                name = (module or "").partition(".")[0]
                if level > 1 or name not in siblings:
                    yield node.lineno, f"{'.' * level}{name}"
            case ast.Try() | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
            case _:
                waiting += ast.iter_child_nodes(node)


class _NoReferences(ValueError):
    """`REFERENCES` is not what it has to be."""

    def __init__(self, line: int) -> None:
        super().__init__(f'{REFERENCES} is names of snapshots, written out: {REFERENCES} = ("prices",)')
        self.line = line


def _references(tree: ast.Module) -> tuple[str, ...]:
    """The names in `REFERENCES` at the top of a module; none where it has none. Raises _NoReferences."""
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == REFERENCES for target in targets):
            try:
                names = ast.literal_eval(node.value or ast.Constant(None))
            except ValueError:
                raise _NoReferences(node.lineno) from None
            if not isinstance(names, tuple | list) or not all(isinstance(name, str) for name in names):
                raise _NoReferences(node.lineno)
            return tuple(names)
    return ()

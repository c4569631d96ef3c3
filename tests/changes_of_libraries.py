"""Finds in a source where it changes the code of another library: by an assignment, or by the tools for it."""

import ast

LIBRARIES = frozenset({"localstack", "moto", "botocore", "boto3", "rolo", "werkzeug"})
TOOLS = frozenset({"localstack.utils.patch", "localstack.utils.patch.Patch", "localstack.utils.patch.patch"})
WHEN_IMPORTED = "wavetank.emulator.runtime.on_import.when_imported"
LOOKS_UP = frozenset({"import_module", "importlib.import_module", "sys.modules.get"})
MUTATES = frozenset({"update", "setdefault", "pop", "__setitem__"})


def changes(source: str) -> list[str]:
    """The changes, each as `line: text`; a module that is handed over (`ModuleType`) counts as a library's."""
    search = _Search()
    search.visit(ast.parse(source))
    return [f"{node.lineno}: {ast.unparse(node).splitlines()[0]}" for node in search.changes]


class _Search(ast.NodeVisitor):
    """Follows the names of libraries' objects through imports, parameters and plain assignments, in order."""

    def __init__(self) -> None:
        self.changes: list[ast.stmt | ast.expr] = []
        self._foreign: set[str] = set()
        self._texts: dict[str, str] = {}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.split(".")[0] in LIBRARIES:
                self._foreign.add(alias.asname or alias.name.split(".")[0])
            if alias.name in TOOLS:
                self.changes.append(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module.split(".")[0] in LIBRARIES:
            self._foreign |= {alias.asname or alias.name for alias in node.names}
        if any(f"{module}.{alias.name}" in {*TOOLS, WHEN_IMPORTED} for alias in node.names):
            self.changes.append(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside, given = set(self._foreign), node.args
        for parameter in (*given.posonlyargs, *given.args, *given.kwonlyargs):
            annotation = ast.unparse(parameter.annotation) if parameter.annotation else ""
            self._note(parameter.arg, "ModuleType" in annotation)
        self.generic_visit(node)
        self._foreign = outside

    def visit_For(self, node: ast.For) -> None:
        if isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Tuple | ast.List):
            self._note(node.target.id, any(map(self._is_foreign, node.iter.elts)))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        self._assign(node, node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        self._assign(node, [node.target], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.generic_visit(node)
        self._assign(node, [node.target], None)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._assign(node, node.targets, None)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        match node.func:
            case ast.Name("setattr" | "delattr") if node.args and self._is_foreign(node.args[0]):
                self.changes.append(node)
            case ast.Attribute(value=ast.Call(func=ast.Name("vars")) as space, attr=name):
                if name in MUTATES and self._is_foreign(space):
                    self.changes.append(node)

    def _assign(self, node: ast.stmt, targets: list[ast.expr], value: ast.expr | None) -> None:
        flat = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
        values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(flat) else [value] * len(flat)
        for target, given in zip(flat, values, strict=True):
            if isinstance(target, ast.Name):
                self._note(target.id, given is not None and self._is_foreign(given))
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    self._texts[target.id] = given.value
            elif isinstance(target, ast.Attribute | ast.Subscript) and self._is_foreign(target.value):
                self.changes.append(node)

    def _note(self, name: str, is_foreign: bool) -> None:
        (self._foreign.add if is_foreign else self._foreign.discard)(name)

    def _is_foreign(self, value: ast.expr) -> bool:
        """Whether it is a library's module or something of one; what a call of a library returns is the caller's."""
        match value:
            case ast.Name(id=name):
                return name in self._foreign
            case ast.Subscript(value=ast.Attribute() as modules) if ast.unparse(modules) == "sys.modules":
                return self._names_library(value.slice)
            case ast.Attribute(value=inner) | ast.Subscript(value=inner):
                return self._is_foreign(inner)
            case ast.Call(func=ast.Name("vars" | "getattr"), args=[inner, *_]):
                return self._is_foreign(inner)
            case ast.Call(args=[name, *_]) if ast.unparse(value.func) in LOOKS_UP:
                return self._names_library(name)
        return False

    def _names_library(self, name: ast.expr) -> bool:
        text = self._texts.get(name.id, "") if isinstance(name, ast.Name) else ""
        if isinstance(name, ast.Constant):
            text = str(name.value)
        return text.split(".")[0] in LIBRARIES

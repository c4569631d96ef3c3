"""Patch a module at the moment it is imported, so that a service nobody calls costs nothing at start-up."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Protocol


class Patch(Protocol):
    """Changes a module; a plain function."""

    __module__: str
    __qualname__: str

    def __call__(self, module: ModuleType, /) -> None:
        """Do it; what this raises fails the import of the module."""


class _Patcher(MetaPathFinder):
    """Finds a module like the import system does, and runs the patches after its body."""

    def __init__(self) -> None:
        self.patches: dict[str, list[Patch]] = {}
        self.done: dict[str, list[Patch]] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in self.patches:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self.done[fullname] = []
            for patch in self.patches.get(fullname, []):
                self.apply(module, patch)

        vars(spec.loader)["exec_module"] = exec_module
        return spec

    def apply(self, module: ModuleType, patch: Patch) -> None:
        patch(module)
        self.done.setdefault(module.__name__, []).append(patch)


_PATCHER = _Patcher()


def when_imported(name: str, patch: Patch) -> None:
    """Call `patch` with module `name`: now if it is imported already, else right after its import.

    What `patch` raises fails that import.
    """
    module = sys.modules.get(name)
    if module is not None:
        _PATCHER.apply(module, patch)
        return
    if _PATCHER not in sys.meta_path:
        sys.meta_path.insert(0, _PATCHER)
    _PATCHER.patches.setdefault(name, []).append(patch)


def patches(name: str) -> list[Patch]:
    """The patches of module `name` that were done, or will be when it is imported; none of them has failed."""
    return list((_PATCHER.done if name in sys.modules else _PATCHER.patches).get(name, []))

"""The changes to LocalStack, moto, botocore, boto3, rolo and Werkzeug, to make them right or cheaper: one patch a file.

A *patch* names in its `install()`, by `when_imported`, the modules that it changes, and changes each right after its
import: until then nothing is loaded for it. `emulator.main` installs those that must be there before LocalStack is
imported, `emulator.install` all others. No other room changes the code of these libraries.

A patch is written for one version of what it changes. So it takes hold of that by `original`, `replace` and `wrap`,
which raise TypeError where it is not there or takes other parameters: the import of its module fails, and with it the
start of the stack or the load of the service, rather than that something is left as it was.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from types import ModuleType
from typing import Any

_ABSENT = object()


def original(module: ModuleType, path: str, *parameters: str) -> Any:
    """The part of a module at a dotted path, which takes at least `parameters`. Raises TypeError for any other."""
    part: Any = module
    for name in path.split("."):
        part = getattr(part, name, _ABSENT)
    if part is _ABSENT or (parameters and not set(parameters) <= set(signature(part).parameters)):
        raise TypeError(f"{path} of {module.__name__} is not the one this was written for")
    return part


def replace(module: ModuleType, path: str, new: object, *parameters: str) -> None:
    """Put `new` in the place of the part at a dotted path. Raises TypeError as `original` does."""
    original(module, path, *parameters)
    owner, _, name = path.rpartition(".")
    setattr(original(module, owner) if owner else module, name, new)


def add_operations(provider: Any, names: Iterable[str], operations: ModuleType) -> None:
    """Give a provider operations that LocalStack has not. Raises TypeError where it has one of its own."""
    for name in names:
        if name in vars(provider):
            raise TypeError(f"LocalStack has a {name} of its own by now")
        setattr(provider, name, getattr(operations, name))


def wrap(module: ModuleType, path: str, around: Callable[..., Any], *parameters: str) -> None:
    """Have `around` called in the place of a function or method, with that one before its arguments.

    Raises TypeError as `original` does.
    """
    inner = original(module, path, *parameters)

    @wraps(inner)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        return around(inner, *args, **kwargs)

    replace(module, path, wrapped)

"""The AWS service models are read once each, and held without their documentation.

LocalStack serves requests by these models, and makes clients for its calls between services by them too. botocore
reads a model anew for each of its loaders, with all of the documentation, into ordered dictionaries: that was a third
of an idle stack's memory.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from sys import intern
from types import ModuleType
from typing import IO, Any

from wavetank.emulator.patches import replace
from wavetank.emulator.runtime.on_import import when_imported

DOCUMENTATION = "documentation"

Open = Callable[[str, str], IO[bytes]]


def install() -> None:
    """Share the models from now on."""
    when_imported("botocore.loaders", share_models)


def share_models(module: ModuleType) -> None:
    """Give the module's file loader a reader that remembers. Loaders do not change what they are given.

    Raises TypeError where it reads files otherwise.
    """

    def load_file(_loader: object, path: str, opener: Open) -> Any:
        return _read(path, opener)

    replace(module, "JSONFileLoader._load_file", load_file, "full_path", "open_method")


@cache
def _read(path: str, opener: Open) -> Any:
    """The content of a JSON file; None where there is none, which is what botocore expects."""
    if not Path(path).is_file():
        return None
    with opener(path, "rb") as file:
        return json.loads(file.read().decode(), object_pairs_hook=_lean)


def _lean(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object with empty documentation; equal strings are one. A member of that name is no text, and stays."""
    lean: dict[str, Any] = {}
    for key, value in pairs:
        if isinstance(value, str):
            value = "" if key == DOCUMENTATION else intern(value)
        lean[intern(key)] = value
    return lean

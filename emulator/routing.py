"""Routes of the gateway and of every service without what nobody asks of them: the way back, from values to a URL.

Werkzeug compiles two functions for each rule that build URLs, and LocalStack makes a few thousand rules, most of them
several times over. That was a fifth of what a deployment costs the stack, and nothing here ever builds a URL.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from emulator.imports import when_imported

Build = Callable[..., tuple[str, str]]


def install() -> None:
    """Let rules compile what builds URLs when the first URL is built."""
    when_imported("werkzeug.routing.rules", _build_later)


def _build_later(rules: ModuleType) -> None:
    compile_builder = rules.Rule._compile_builder

    def later(rule: Any, append_unknown: bool = True) -> Build:
        def build(_rule: Any, **values: Any) -> tuple[str, str]:
            builder = compile_builder(rule, append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", builder)
            built: tuple[str, str] = builder(**values)
            return built

        return build

    rules.Rule._compile_builder = later

"""The rules of the gateway's and every service's routes compile the way back, from values to a URL, when it is used.

Werkzeug compiles two functions for each rule that build URLs, and LocalStack makes a few thousand rules, most of them
several times over. That was a fifth of what a deployment costs the stack, and nothing here ever builds a URL.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

Build = Callable[..., tuple[str, str]]


def install() -> None:
    """Change the rules when Werkzeug's are imported; to be called before LocalStack is."""
    when_imported("werkzeug.routing.rules", build_later)


def build_later(rules: ModuleType) -> None:
    """Let a rule compile its builder when the first URL is built. Raises TypeError for other rules."""
    compile_builder = original(rules, "Rule._compile_builder", "append_unknown")

    def compile_later(rule: Any, append_unknown: bool = True) -> Build:
        def build(_rule: Any, **values: Any) -> tuple[str, str]:
            builder = compile_builder(rule, append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", builder)
            built: tuple[str, str] = builder(**values)
            return built

        return build

    replace(rules, "Rule._compile_builder", compile_later)

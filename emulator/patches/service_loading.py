"""Services that a stack does not offer are refused with those that it does, and some are loaded at their first call.

LocalStack would tell users to set a variable that a stack overwrites, and load at a container's start what few use. Of
several first calls of a service at a time it would let some through before its operations are known, and refuse them.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.stack.environment import LATE_SERVICES, SERVICES

REFUSAL = (
    "Service '{name}' is not offered by this stack, which answers for: {offered}. Others would start or download "
    "another program; no variable adds them (docs/emulator.md)."
)


def install() -> None:
    """Change both when they are imported."""
    when_imported("localstack.utils.bootstrap", load_late)
    when_imported("localstack.aws.handlers.service_plugin", say_what_there_is)


def load_late(module: ModuleType) -> None:
    """Leave services that few use and that take long to load out of those that a container loads at its start.

    Raises TypeError where LocalStack does not list them.
    """
    preloaded = original(module, "get_preloaded_services")

    def without_late() -> set[str]:
        return set(preloaded()) - LATE_SERVICES

    replace(module, "get_preloaded_services", without_late)


def say_what_there_is(module: ModuleType) -> None:
    """Answer a call of a service that is not offered with those that are, not with a variable that is overwritten.

    A first call of a service waits until another, which is loading it, has made its operations known.
    Raises TypeError where LocalStack loads services otherwise.
    """
    is_enabled = original(module, "is_api_enabled")
    complete: set[str] = set()

    def require_offered(require: Any, self: Any, chain: Any, context: Any, response: Any) -> None:
        name = context.service.service_name if context.service else None
        if name is not None and name not in self.loaded_services and not is_enabled(name):
            raise NotImplementedError(REFUSAL.format(name=name, offered=", ".join(SERVICES)))
        require(self, chain, context, response)
        if name is not None and name not in complete:
            # Who loads a service says so first, and holds its lock until its operations are known.
            with self.service_locks[name]:
                complete.add(name)

    wrap(module, "ServiceLoader.require_service", require_offered, "context", "response")

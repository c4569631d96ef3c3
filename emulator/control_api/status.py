"""The parts of this stack, found by looking at what LocalStack really uses, not at what it was told to."""

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from localstack import constants
from localstack.runtime import get_current_runtime
from localstack.services.lambda_.invocation.runtime_executor import get_runtime_executor
from localstack.services.plugins import SERVICE_PLUGINS

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import patches

OURS = "wavetank.emulator."
"""Everything of wavetank inside LocalStack is in this package."""


def status() -> dict[str, Any]:
    """Plain data. `plugins` maps each part that must be wavetank's to its class, or to None when it is not.

    `foreign` says what is in use instead. `services` lists those loaded so far. Looking loads our own service
    providers (their classes, not their work) and nothing else.
    """
    in_use = {}
    for name, find in _PARTS.items():
        try:
            in_use[name] = find()
        except Exception as error:  # A part that cannot be loaded is told, and hides no other.
            in_use[name] = f"nothing: {type(error).__name__}: {error}"
    return {
        "ready": True,
        "pid": os.getpid(),
        "version": version("wavetank"),
        "localstack": constants.VERSION,
        "clock": {"now": CLOCK.now(), "offset_s": CLOCK.offset},
        "plugins": {name: part if part.startswith(OURS) else None for name, part in in_use.items()},
        "foreign": {name: part for name, part in in_use.items() if not part.startswith(OURS)},
        "services": sorted(SERVICE_PLUGINS.list_loaded_services()),
    }


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _provider(service: str) -> Callable[[], str]:
    def find() -> str:
        container = SERVICE_PLUGINS.get_service_container(service)
        if container is None:
            raise LookupError(f"{service} has no provider that can be loaded")
        return _path(type(container.service._provider))

    return find


def _patched(module: str) -> Callable[[], str]:
    """A service patches its own module when it is loaded; until then, what it is going to do counts."""

    def find() -> str:
        applied = patches(module)
        if not applied:
            raise LookupError(f"{module} is as LocalStack made it")
        return f"{applied[0].__module__}.{applied[0].__qualname__}"

    return find


_PARTS: dict[str, Callable[[], str]] = {
    "kinesis": _provider("kinesis"),
    "firehose": _provider("firehose"),
    "lambda executor": lambda: _path(get_runtime_executor()),
    "gateway server": lambda: _path(type(get_current_runtime().components.runtime_server)),
    "event source poller": _patched("localstack.services.lambda_.provider"),
    "sqs clock": _patched("localstack.services.sqs.models"),
    "asynchronous invocations": _patched("localstack.services.lambda_.invocation.event_manager"),
    "s3 notifications": _patched("localstack.services.s3.notifications"),
    "sns deliveries": _patched("localstack.services.sns.publisher"),
    "event rules": _patched("localstack.services.events.provider"),
}

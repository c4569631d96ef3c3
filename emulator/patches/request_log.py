"""The line in the log for each request is made of what it shows.

LocalStack gathers for each also both sides' headers and bodies, which only its most talkative level writes.
"""

import logging
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import wrap
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change LocalStack's logger of responses when it is imported."""
    when_imported("localstack.aws.handlers.logging", show_what_is_shown)


def show_what_is_shown(module: ModuleType) -> None:
    """Let the logger gather nothing for lines that show nothing of it, or that nobody writes.

    Raises TypeError where the module has no such logger.
    """

    def log(log_all: Any, self: Any, context: Any, response: Any) -> None:
        internal = "internal_" if context.is_internal_call else ""
        logger: logging.Logger = getattr(self, f"{internal}{'aws' if context.operation else 'http'}_logger")
        if logger.isEnabledFor(logging.DEBUG):
            log_all(self, context, response)
        elif logger.isEnabledFor(logging.INFO):
            logger.info(*_line(context, response.status_code))

    wrap(module, "ResponseLogger._log", log, "context", "response")


def _line(context: Any, status: int) -> tuple[object, ...]:
    if not context.operation:
        return "%s %s => %d", context.request.method, context.request.path, status
    call = context.service.service_name, context.operation.name, status
    if context.service_exception:
        return "AWS %s.%s => %d (%s)", *call, context.service_exception.code
    return "AWS %s.%s => %s", *call

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
            status = response.status_code
            if not context.operation:
                logger.info("%s %s => %d", context.request.method, context.request.path, status)
                return
            call = context.service.service_name, context.operation.name, status
            if context.service_exception:
                logger.info("AWS %s.%s => %d (%s)", *call, context.service_exception.code)
            else:
                logger.info("AWS %s.%s => %s", *call)

    wrap(module, "ResponseLogger._log", log, "context", "response")

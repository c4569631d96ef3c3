"""A call that a full disk cannot keep is answered 507, with its reason and a line in the log.

LocalStack takes it for an error of its own that may pass, which an SDK tries again four times.
"""

import logging
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.system_limits import is_full

LOG = logging.getLogger(__name__)
STATUS = 507
"""Insufficient Storage (RFC 4918, 11.5), which no SDK tries again."""


def install() -> None:
    """Change how LocalStack answers what its services raise, from the import of its handlers on."""
    when_imported("localstack.aws.handlers.service", answer_when_full)


def answer_when_full(module: ModuleType) -> None:
    """Patch the maker of an answer from an exception. Raises TypeError where the module has no such thing."""
    refusal = original(module, "CommonServiceException")

    def create_exception_response(create: Any, serializer: Any, exception: Exception, context: Any) -> Any:
        if is_full(exception):
            LOG.error("%s cannot keep what it was given: %s", context.service.service_name, exception)
            exception = refusal("InsufficientStorage", str(exception), status_code=STATUS)
        return create(serializer, exception, context)

    wrap(module, "ServiceExceptionSerializer.create_exception_response", create_exception_response, "exception")

"""A disk without room: what a stack answers then.

A call that cannot be kept is 507, with its reason and a line in the log. LocalStack takes it for an error of its own
that may pass, which an SDK tries again four times.
"""

import logging
from types import ModuleType
from typing import Any

from wavetank.emulator.runtime.on_import import when_imported
from wavetank.emulator.runtime.system_limits import is_full

LOG = logging.getLogger(__name__)
MODULE = "localstack.aws.handlers.service"
STATUS = 507
"""Insufficient Storage (RFC 4918, 11.5), which no SDK tries again."""


def install() -> None:
    """Change how LocalStack answers what its services raise, from the import of its handlers on."""
    when_imported(MODULE, answer_when_full)


def answer_when_full(module: ModuleType) -> None:
    """Patch what makes an answer of an exception. Raises TypeError where the module has no such thing."""
    serializer = getattr(module, "ServiceExceptionSerializer", None)
    create = getattr(serializer, "create_exception_response", None)
    if serializer is None or not callable(create):
        raise TypeError(f"{module.__name__} does not answer exceptions as this was written for")

    def create_exception_response(self: Any, exception: Exception, context: Any) -> Any:
        if is_full(exception):
            LOG.error("%s cannot keep what it was given: %s", context.service.service_name, exception)
            exception = module.CommonServiceException("InsufficientStorage", str(exception), status_code=STATUS)
        return create(self, exception, context)

    serializer.create_exception_response = create_exception_response

"""Lambda refuses functions that cannot run here when they are made, rather than find later that they have failed.

AWS refuses an archive that it cannot unpack, and a runtime that there is not, in its answer to the request; so do we.
Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
"""

import io
import zipfile
from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.lambda_.packages.archives import NO_IMAGES, BadArchive, check
from wavetank.emulator.lambda_.packages.interpreters import RuntimeUnavailable, runtime_for
from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported

ARCHIVE = ("archive_file", "function_name", "region_name", "account_id")

Handler = Callable[..., Any]


def install() -> None:
    """Look at requests as soon as LocalStack's Lambda provider is loaded."""
    when_imported("localstack.services.lambda_.provider", refuse_early)


def refuse_early(provider: ModuleType) -> None:
    """Check runtimes and archives. Raises TypeError where functions are made, or archives stored, otherwise."""
    for name in ("create_function", "update_function_configuration"):
        wrap(provider, f"LambdaProvider.{name}", _refuse_runtime, "context", "request")
    from localstack.services.lambda_.invocation import lambda_service

    store = original(lambda_service, "store_lambda_archive", *ARCHIVE)
    if original(provider, "store_lambda_archive") is not store:
        raise TypeError("LocalStack's store of Lambda archives is not the one this was written for")

    def store_if_it_can_be_unpacked(archive_file: bytes, *args: Any, **options: Any) -> Any:
        if zipfile.is_zipfile(io.BytesIO(archive_file)):
            try:
                check(io.BytesIO(archive_file))
            except BadArchive as error:
                raise _invalid(str(error)) from error
        return store(archive_file, *args, **options)

    for module in (lambda_service, provider):
        replace(module, "store_lambda_archive", store_if_it_can_be_unpacked)


def _refuse_runtime(handle: Handler, provider: Any, context: Any, request: Any) -> Any:
    """Handle a request whose runtime is here; one that AWS does not know either is left to LocalStack's own answer."""
    from localstack.aws.api.lambda_ import Runtime

    if request.get("PackageType") == "Image":
        raise _invalid(NO_IMAGES)
    runtime = request.get("Runtime")
    if runtime in set(Runtime):
        try:
            runtime_for(str(runtime))
        except RuntimeUnavailable as error:
            raise _invalid(str(error)) from error
    return handle(provider, context, request)


def _invalid(message: str) -> Exception:
    from localstack.aws.api.lambda_ import InvalidParameterValueException

    refusal: Exception = InvalidParameterValueException(message, Type="User")
    return refusal

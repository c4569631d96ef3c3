"""Puts wavetank's poller in the place of LocalStack's for Kinesis sources; every other source stays as it is."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from emulator.clock import CLOCK
from emulator.imports import when_imported
from emulator.lambda_.event_source.settings import stream_arn_of
from emulator.lambda_.event_source.validation import RefusedSettings, check, is_kinesis

LAMBDA_PROVIDER = "localstack.services.lambda_.provider"


def install() -> None:
    """Take over Kinesis event source mappings as soon as LocalStack's Lambda provider is loaded."""
    when_imported(LAMBDA_PROVIDER, _patch)


def _patch(provider: ModuleType) -> None:
    from localstack.utils.patch import Patch

    Patch.function(provider.EsmWorkerFactory.get_esm_worker, _get_esm_worker).apply()
    Patch.function(provider.LambdaProvider.validate_event_source_mapping, _validate).apply()
    Patch.function(provider.LambdaProvider.check_service_resource_exists, _check_source_exists).apply()


def _get_esm_worker(fn: Callable[[Any], Any], factory: Any) -> Any:
    config = factory.esm_config
    if not is_kinesis(config):
        return fn(factory)
    from emulator.lambda_.event_source.worker import KinesisMappingWorker

    return KinesisMappingWorker(config, factory.function_role_arn, factory.enabled)


def _validate(fn: Callable[..., Any], provider: Any, context: Any, request: Any) -> Any:
    if is_kinesis(request):
        from localstack.aws.api.lambda_ import InvalidParameterValueException

        try:
            check(request, CLOCK.now())
        except RefusedSettings as error:
            raise InvalidParameterValueException(str(error), Type="User") from error
    return fn(provider, context, request)


def _check_source_exists(
    fn: Callable[..., Any], provider: Any, service: str, arn: str, function_arn: str, role_arn: str
) -> Any:
    """LocalStack describes the stream by the given ARN, which may be that of a consumer."""
    return fn(provider, service, stream_arn_of(arn), function_arn, role_arn)

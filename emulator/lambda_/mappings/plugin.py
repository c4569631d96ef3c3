"""Pollers of ours in the place of LocalStack's for Kinesis and SQS, as the patch `event_source_mappings` needs them."""

from collections.abc import Callable
from typing import Any

from wavetank.emulator.lambda_.mappings.queue.core import validation
from wavetank.emulator.lambda_.mappings.queue.core.validation import is_sqs
from wavetank.emulator.lambda_.mappings.stream.core.settings import stream_arn_of
from wavetank.emulator.lambda_.mappings.stream.core.validation import RefusedSettings, check, is_kinesis
from wavetank.emulator.runtime.clock import CLOCK


def get_esm_worker(fn: Callable[[Any], Any], factory: Any) -> Any:
    """The poller of a mapping; `fn` makes LocalStack's."""
    if is_kinesis(factory.esm_config):
        return _stream_worker(factory.esm_config, factory.function_role_arn, factory.enabled)
    if is_sqs(factory.esm_config):
        return _queue_worker(factory.esm_config, factory.enabled)
    return fn(factory)


def _stream_worker(config: Any, role_arn: str, enabled: bool) -> Any:
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmStateReason

    from wavetank.emulator.lambda_.mappings.stream.core.settings import MappingSettings
    from wavetank.emulator.lambda_.mappings.stream.delivery import FunctionDelivery
    from wavetank.emulator.lambda_.mappings.stream.mapping_run import MappingRun
    from wavetank.emulator.lambda_.mappings.worker import MappingWorker

    settings = MappingSettings.from_config(config, role_arn)
    return MappingWorker(
        config,
        enabled,
        lambda memory, tell: MappingRun(settings, memory, FunctionDelivery(settings, tell)),
        EsmStateReason.USER_ACTION,
    )


def _queue_worker(config: Any, enabled: bool) -> Any:
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmStateReason

    from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings
    from wavetank.emulator.lambda_.mappings.queue.queue_run import QueueRun
    from wavetank.emulator.lambda_.mappings.worker import MappingWorker

    settings = QueueSettings.from_config(config)
    return MappingWorker(
        config, enabled, lambda memory, _tell: QueueRun(settings, memory.lease), EsmStateReason.USER_INITIATED
    )


def validate(fn: Callable[..., Any], provider: Any, context: Any, request: Any) -> Any:
    """Check the settings of a mapping. Raises InvalidParameterValueException."""
    from localstack.aws.api.lambda_ import InvalidParameterValueException

    try:
        if is_kinesis(request):
            check(request, CLOCK.now())
        if is_sqs(request):
            validation.check(request)
        found = fn(provider, context, request)
        if is_sqs(request):
            _check_timeouts(request["EventSourceArn"], found[3].config.timeout)
    except RefusedSettings as error:
        raise InvalidParameterValueException(str(error), Type="User") from error
    return found


def _check_timeouts(queue_arn: str, function_s: int) -> None:
    from wavetank.emulator.lambda_.mappings.queue.queue_client import QueueClient

    validation.check_timeouts(QueueClient(queue_arn).visibility_timeout_s(), function_s)


def check_source_exists(
    fn: Callable[..., Any], provider: Any, service: str, arn: str, function_arn: str, role_arn: str
) -> Any:
    """LocalStack describes the stream by the given ARN, which may be that of a consumer."""
    return fn(provider, service, stream_arn_of(arn), function_arn, role_arn)

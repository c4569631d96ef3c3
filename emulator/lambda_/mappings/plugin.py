"""Pollers of ours in the place of LocalStack's for Kinesis and SQS, as the patch `event_source_mappings` needs them."""

from collections.abc import Callable
from typing import Any

from wavetank.emulator.lambda_.mappings.queue.core import settings as queue_settings
from wavetank.emulator.lambda_.mappings.queue.core.settings import QueueSettings, is_sqs
from wavetank.emulator.lambda_.mappings.stream.core.settings import (
    MappingSettings,
    RefusedSettings,
    check,
    is_kinesis,
    stream_arn_of,
)
from wavetank.emulator.runtime.clock import CLOCK


def get_esm_worker(fn: Callable[[Any], Any], factory: Any) -> Any:
    """The poller of a mapping; `fn` makes LocalStack's."""
    config, enabled = factory.esm_config, factory.enabled
    if not is_kinesis(config) and not is_sqs(config):
        return fn(factory)
    from localstack.services.lambda_.event_source_mapping.esm_worker import EsmStateReason

    from wavetank.emulator.lambda_.mappings.queue.queue_run import QueueRun
    from wavetank.emulator.lambda_.mappings.stream.delivery import FunctionDelivery
    from wavetank.emulator.lambda_.mappings.stream.mapping_run import MappingRun
    from wavetank.emulator.lambda_.mappings.worker import MappingWorker

    if is_sqs(config):
        queue = QueueSettings.from_config(config, factory.function_role_arn)
        return MappingWorker(
            config,
            enabled,
            lambda checkpoints, _tell: QueueRun(queue, checkpoints.lease),
            EsmStateReason.USER_INITIATED,
        )
    stream = MappingSettings.from_config(config, factory.function_role_arn)
    return MappingWorker(
        config,
        enabled,
        lambda checkpoints, tell: MappingRun(stream, checkpoints, FunctionDelivery(stream, tell)),
        EsmStateReason.USER_ACTION,
    )


def validate(fn: Callable[..., Any], provider: Any, context: Any, request: Any) -> Any:
    """Check the settings of a mapping. Raises InvalidParameterValueException."""
    from localstack.aws.api.lambda_ import InvalidParameterValueException

    try:
        if is_kinesis(request):
            check(request, CLOCK.now())
        if is_sqs(request):
            queue_settings.check(request)
        validated = fn(provider, context, request)
        if is_sqs(request):
            from wavetank.emulator.lambda_.mappings.queue.queue_client import QueueClient

            queue = QueueClient(request["EventSourceArn"])
            queue_settings.check_timeouts(queue.visibility_timeout_s(), validated[3].config.timeout)
    except RefusedSettings as error:
        raise InvalidParameterValueException(str(error), Type="User") from error
    return validated


def check_source_exists(
    fn: Callable[..., Any], provider: Any, service: str, arn: str, function_arn: str, role_arn: str
) -> Any:
    """LocalStack describes the stream by the given ARN, which may be that of a consumer."""
    return fn(provider, service, stream_arn_of(arn), function_arn, role_arn)

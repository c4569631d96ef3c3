"""Lambda's event source mappings from Kinesis and SQS are polled by `emulator.lambda_.mappings`, and checked as on AWS.

So retries and windows go by the emulator's clock, and a settle sees what waits. Every other source stays LocalStack's.
"""

from types import ModuleType

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Take the mappings over as soon as LocalStack's Lambda provider is loaded."""
    when_imported("localstack.services.lambda_.provider", poll_here)


def poll_here(provider: ModuleType) -> None:
    """Wrap the maker of pollers and the checks of settings. Raises TypeError where LocalStack has others."""
    original(provider, "EsmWorkerFactory")
    from wavetank.emulator.lambda_.mappings import plugin

    wrap(provider, "EsmWorkerFactory.get_esm_worker", plugin.get_esm_worker)
    wrap(provider, "LambdaProvider.validate_event_source_mapping", plugin.validate, "context", "request")
    exists = "LambdaProvider.check_service_resource_exists"
    wrap(provider, exists, plugin.check_source_exists, "service", "resource_arn", "function_arn", "function_role_arn")

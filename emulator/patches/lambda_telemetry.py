"""Lambda's logs and metrics go through `emulator.lambda_.service.telemetry`, in batches.

LocalStack makes one call for the log and one for the metric of every invocation, each from a thread of its own, and
each costs more than the invocation.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported

METRIC_THREADS = "record-cloudwatch-metric"
"""How LocalStack names the threads that record a metric."""


def install() -> None:
    """Change the version manager and the handler of logs when they are imported."""
    when_imported("localstack.services.lambda_.invocation.version_manager", count_in_batches)
    when_imported("localstack.services.lambda_.invocation.logs", log_in_batches)


def count_in_batches(version_manager: ModuleType) -> None:
    """Count invocations and errors. Raises TypeError where LocalStack counts them otherwise."""
    original(version_manager, "start_thread", "method", "name")
    from wavetank.emulator.lambda_.service import telemetry
    from wavetank.emulator.runtime.cloudwatch import Place

    def count_invocation(function_name: str, account_id: str, region_name: str) -> None:
        telemetry.count(Place(account_id, region_name), function_name, "Invocations")

    def count_error(function_name: str, account_id: str, region_name: str) -> None:
        telemetry.count(Place(account_id, region_name), function_name, "Invocations", "Errors")

    def start_thread(start: Callable[..., Any], method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # No thread for a call that only adds to a batch.
        if str(kwargs.get("name", "")).startswith(METRIC_THREADS):
            return method()
        return start(method, *args, **kwargs)

    parameters = ("function_name", "account_id", "region_name")
    replace(version_manager, "record_cw_metric_invocation", count_invocation, *parameters)
    replace(version_manager, "record_cw_metric_error", count_error, *parameters)
    wrap(version_manager, "start_thread", start_thread)


def log_in_batches(logs: ModuleType) -> None:
    """Deliver what functions log from one place for all, also what comes while a function is being replaced.

    Raises TypeError where LocalStack delivers it otherwise.
    """
    original(logs, "LogHandler")
    from wavetank.emulator.lambda_.service import telemetry
    from wavetank.emulator.runtime.cloudwatch import Place

    def add_logs(handler: Any, log_item: Any) -> None:
        place = Place(handler.role_arn.split(":")[4], handler.region)
        telemetry.log(telemetry.Stream(place, log_item.log_group, log_item.log_stream, handler.role_arn), log_item.logs)

    replace(logs, "LogHandler.add_logs", add_logs, "log_item")
    replace(logs, "LogHandler.start_subscriber", _do_nothing)
    replace(logs, "LogHandler.stop", _do_nothing)


def _do_nothing(_handler: Any) -> None:
    """No handler has a thread of its own."""

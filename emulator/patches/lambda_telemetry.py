"""Lambda's logs and metrics go through `emulator.lambda_.service.telemetry`, in batches.

LocalStack makes one call for the log and one for the metric of every invocation, each from a thread of its own, and
each costs more than the invocation. It writes every log into the group of its function's name, whatever the function's
`LoggingConfig` says.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.on_import import when_imported
from wavetank.pipeline.names import log_group

METRIC_THREADS = "record-cloudwatch-metric"
"""How LocalStack names the threads that record a metric."""


def install() -> None:
    """Change the version manager and the environments when they are imported."""
    when_imported("localstack.services.lambda_.invocation.version_manager", count_in_batches)
    when_imported("localstack.services.lambda_.invocation.version_manager", log_in_batches)
    when_imported("localstack.services.lambda_.invocation.execution_environment", log_where_it_is_configured)


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


def log_in_batches(version_manager: ModuleType) -> None:
    """Deliver what functions log from one place for all, also what comes while a function is being replaced.

    Raises TypeError where LocalStack delivers it otherwise.
    """
    original(version_manager, "LogHandler")
    from wavetank.emulator.lambda_.service import telemetry
    from wavetank.emulator.runtime.cloudwatch import Place

    def store_logs(store: Any, manager: Any, invocation_result: Any, execution_env: Any) -> None:
        if not invocation_result.logs:
            store(manager, invocation_result, execution_env)
            return
        about = manager.function_version
        stream = telemetry.Stream(
            place=Place(about.id.account, about.id.region),
            group=execution_env.get_log_group_name(),
            name=execution_env.get_log_stream_name(),
            role=about.config.role,
            function=about.id.unqualified_arn(),
        )
        telemetry.log(stream, invocation_result.logs)

    wrap(version_manager, "LambdaVersionManager.store_logs", store_logs, "invocation_result", "execution_env")
    replace(version_manager, "LogHandler.start_subscriber", _do_nothing)
    replace(version_manager, "LogHandler.stop", _do_nothing)


def log_where_it_is_configured(execution_environment: ModuleType) -> None:
    """Give a function whose log group has another name than its own that group, and streams that name it there.

    Source: Lambda developer guide, "Configuring CloudWatch log groups". Raises TypeError where LocalStack names them
    otherwise.
    """

    def get_log_group_name(named: Any, environment: Any) -> str:
        return str(environment.function_version.config.logging_config.get("LogGroup") or named(environment))

    def get_log_stream_name(named: Any, environment: Any) -> str:
        about, usual = environment.function_version.id, str(named(environment))
        if environment.get_log_group_name() == log_group(about.function_name):
            return usual
        day, _, _ = usual.rpartition("/")
        return f"{day}/{about.function_name}[{about.qualifier}][{environment.id}]"

    wrap(execution_environment, "ExecutionEnvironment.get_log_group_name", get_log_group_name)
    wrap(execution_environment, "ExecutionEnvironment.get_log_stream_name", get_log_stream_name)


def _do_nothing(_handler: Any) -> None:
    """No handler has a thread of its own."""

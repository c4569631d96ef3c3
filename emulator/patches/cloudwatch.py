"""CloudWatch's metrics and alarms are those of `emulator.cloudwatch`, in the emulator's time.

LocalStack keeps metrics in an SQLite file, where a metric is mixed up with those that have more dimensions; it answers
no expression and no percentile, evaluates alarms once in all their periods of the wall clock, no composite alarm but
`ALARM(…) OR ALARM(…)`, and no alarm on an expression. Dashboards and tags stay its own.
"""

from types import ModuleType
from typing import Any

from wavetank.emulator.patches import original, replace
from wavetank.emulator.runtime.on_import import when_imported

PROVIDER = "CloudwatchProvider"

METRICS = ("put_metric_data", "get_metric_data", "get_metric_statistics", "list_metrics")
ALARMS = (
    "put_metric_alarm",
    "put_composite_alarm",
    "delete_alarms",
    "describe_alarms",
    "describe_alarms_for_metric",
    "describe_alarm_history",
    "set_alarm_state",
    "enable_alarm_actions",
    "disable_alarm_actions",
)


class NoAlarms:
    """Stands in for LocalStack's evaluation of alarms, which is not started."""

    def start(self) -> None:
        """Evaluate alarms from now on."""
        from wavetank.emulator.cloudwatch import service

        service.start()

    def shutdown(self) -> None:
        """Evaluate no more."""
        from wavetank.emulator.cloudwatch import service

        service.stop()


class NoFile:
    """Stands in for LocalStack's file of metrics, which is not made."""

    CLOUDWATCH_DATA_ROOT = ""

    def clear_tables(self) -> None:
        """Let go of all metrics."""
        from wavetank.emulator.cloudwatch.service import METRICS as HELD

        HELD.clear()

    def get_all_metric_data(self) -> list[dict[str, Any]]:
        """Every single value."""
        from wavetank.emulator.cloudwatch.operations.metrics import raw_metrics

        return raw_metrics()


def install() -> None:
    """Change the provider as soon as LocalStack loads CloudWatch."""
    when_imported("localstack.services.cloudwatch.provider_v2", take_over)


def take_over(provider: ModuleType) -> None:
    """Replace what is about metrics and alarms. Raises TypeError where the provider has others."""
    original(provider, PROVIDER)
    original(provider, f"{PROVIDER}.get_raw_metrics", "request")
    from wavetank.emulator.cloudwatch.operations import alarms, metrics

    replace(provider, "CloudwatchDatabase", NoFile)
    replace(provider, "AlarmScheduler", NoAlarms)
    for names, operations in ((METRICS, metrics), (ALARMS, alarms)):
        for name in names:
            replace(provider, f"{PROVIDER}.{name}", getattr(operations, name), "context")

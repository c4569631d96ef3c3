"""Log events are taken, found and measured as CloudWatch Logs does it, by `emulator.logs`, in the emulator's time.

LocalStack's metric filters drop dimensions, count 1 for what is no number, and take each event of every group for one
that matches; so do FilterLogEvents and subscription filters with a pattern. Events too far from the wall clock's time
are refused.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.patches import add_operations, original, replace, wrap
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported


def install() -> None:
    """Change the provider and the models that it keeps logs in when they are imported."""
    when_imported("moto.logs.models", keep_emulator_time)
    when_imported("localstack.services.logs.provider", measure_events)


def keep_emulator_time(models: ModuleType) -> None:
    """Have groups, streams and events made in the emulator's time. Raises TypeError for other models."""
    replace(models, "unix_time_millis", _now_ms)


def measure_events(module: ModuleType) -> None:
    """Give the provider the operations. Raises TypeError where it takes events, or matches them, otherwise."""
    provider: Any = original(module, "LogsProvider")
    replace(module, "unix_time_millis", _now_ms)
    from wavetank.emulator.logs import events

    parameters = ("log_group_name", "log_stream_name", "log_events")
    replace(module, "LogsProvider.put_log_events", events.put_log_events, *parameters)
    replace(module, "get_pattern_matcher", events.matcher, "pattern")
    add_operations(provider, ("filter_log_events",), events)

    def put_subscription_filter(put: Callable[..., Any], backend: Any, *args: Any, **kwargs: Any) -> Any:
        events.matcher(args[2] if len(args) > 2 else kwargs["filter_pattern"])
        return put(backend, *args, **kwargs)

    wrap(module, "LogsBackend.put_subscription_filter", put_subscription_filter)


def _now_ms(_moment: Any = None) -> float:
    return CLOCK.now() * 1000

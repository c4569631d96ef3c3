"""EventBridge's events are in flight from PutEvents until their targets have been called, and its schedules tick by us.

LocalStack calls targets from threads that nobody can wait for. Of a scheduled rule, what its tick does is kept in
`SCHEDULES`, so that it can be ticked at will, and a fault may strike the tick.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from wavetank.emulator.deliveries.events import SCHEDULES, Job, tick
from wavetank.emulator.patches import wrap
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.on_import import when_imported

HOP = "events.rules"


def install() -> None:
    """Change the provider as soon as LocalStack loads EventBridge."""
    when_imported("localstack.services.events.provider", track_rules)


def track_rules(provider: ModuleType) -> None:
    """Wrap the worker threads and the jobs of schedules. Raises TypeError where the provider has others."""

    def start_tracked(start: Callable[..., Any], method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        end = IN_FLIGHT.begin(HOP, "", kwargs.get("name") or "event")

        def run(*run_args: Any, **run_kwargs: Any) -> Any:
            try:
                return method(*run_args, **run_kwargs)
            finally:
                end()

        try:
            return start(run, *args, **kwargs)
        except BaseException:
            end()
            raise

    def make_struck_job(make_job: Callable[..., Job], service: Any, account_id: str, region: str, rule: Any) -> Job:
        job = make_job(service, account_id, region, rule)

        def run(*_args: Any, **_kwargs: Any) -> None:
            tick(str(rule.name), job)

        SCHEDULES.keep(str(rule.name), run)
        return run

    wrap(provider, "start_worker_thread", start_tracked, "method")
    wrap(provider, "EventsProvider._get_scheduled_rule_job_function", make_struck_job, "account_id", "region", "rule")

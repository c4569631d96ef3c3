"""EventBridge's events are in flight from PutEvents until their targets have been called, and its schedules tick by us.

LocalStack calls targets from threads that nobody can wait for. It looks at schedules once a minute of the wall clock,
ticks disabled rules, and those twice whose targets were put twice. Here rules are fired by `emulator.scheduler.rules`
on the emulator's clock, so that they can be ticked at will as well, and a fault may strike the tick.
"""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

from wavetank.emulator.patches import original, replace, wrap
from wavetank.emulator.runtime.inflight import IN_FLIGHT
from wavetank.emulator.runtime.on_import import when_imported

HOP = "events.rules"
PROVIDER = "EventsProvider"

type Make = Callable[..., Any]


def install() -> None:
    """Change the provider as soon as LocalStack loads EventBridge."""
    when_imported("localstack.services.events.provider", track_rules)
    when_imported("localstack.services.events.provider", fire_rules)
    when_imported("localstack.services.events.rule", leave_jobs_out)


def track_rules(provider: ModuleType) -> None:
    """Wrap the worker threads. Raises TypeError where the provider has others."""

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

    wrap(provider, "start_worker_thread", start_tracked, "method")


def leave_jobs_out(module: ModuleType) -> None:
    """Make no jobs of LocalStack's own of rules. Raises TypeError where they are made otherwise."""
    job = "RuleService.create_schedule_job"
    replace(module, job, lambda _service, schedule_job_sender_func: None, "schedule_job_sender_func")  # noqa: ARG005


def fire_rules(provider: ModuleType) -> None:
    """Have rules with a schedule fired, from when they are made until they are deleted.

    Raises TypeError where the provider makes, switches or deletes them otherwise.
    """
    original(provider, f"{PROVIDER}._get_scheduled_rule_job_function", "account_id", "region", "rule")
    original(provider, "timestamp", "format")
    from localstack.services.events.models import ValidationException

    from wavetank.emulator.scheduler.expression import InvalidExpressionError, parse
    from wavetank.emulator.scheduler.rules import RULES, ZONE, due

    def make(create: Make, service: Any, name: str, region: str, account_id: str, text: str | None, *more: Any) -> Any:
        if text:
            try:
                parse(text, ZONE)
            except InvalidExpressionError as error:
                raise ValidationException("Parameter ScheduleExpression is not valid.") from error
        rule_service = create(service, name, region, account_id, text, *more)
        rule = rule_service.rule
        if text:
            RULES.keep(rule, service._get_scheduled_rule_job_function(account_id, region, rule))
        else:
            RULES.forget(rule.arn)
        return rule_service

    def switch(change: Callable[..., None], service: Any, context: Any, name: str, **more: Any) -> None:
        change(service, context, name, **more)
        of_bus = more.get("event_bus_name")
        RULES.heed(service.get_rule_service(context.region, context.account_id, name, of_bus).arn)

    def delete(remove: Callable[..., None], service: Any, rules: Any) -> None:
        doomed = rules.values() if isinstance(rules, dict) else [rules]
        arns = [rule.arn for rule in doomed]
        remove(service, rules)
        for arn in arns:
            RULES.forget(arn)

    wrap(provider, f"{PROVIDER}.create_rule_service", make, "name", "region", "account_id", "schedule_expression")
    wrap(provider, f"{PROVIDER}.enable_rule", switch, "name", "event_bus_name")
    wrap(provider, f"{PROVIDER}.disable_rule", switch, "name", "event_bus_name")
    wrap(provider, f"{PROVIDER}._delete_rule_services", delete, "rules")
    replace(provider, "timestamp", lambda format: due().strftime(format))
    replace(provider, "JobScheduler", SimpleNamespace(start=lambda: None, shutdown=lambda: None))

"""EventBridge Scheduler's schedules are fired, on the emulator's clock, and refused where they could not be.

moto, which LocalStack has for it, keeps schedules and never fires one. Here what is made is kept by the runner in
`emulator.scheduler` too. Expressions and the runner are read when the first schedule is made.
"""

from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from wavetank.emulator.patches import original, wrap
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported

if TYPE_CHECKING:
    from wavetank.emulator.scheduler.expression import Expression

BACKEND = "EventBridgeSchedulerBackend"


def install() -> None:
    """Change the back end when LocalStack has loaded it and changed it itself."""
    when_imported("localstack.services.scheduler.provider", fire_schedules)


def fire_schedules(provider: ModuleType) -> None:
    """Wrap the calls that make, change and remove schedules. Raises TypeError where moto has no such methods."""
    original(provider, BACKEND)
    from moto.scheduler.exceptions import ScheduleGroupNotFound

    def create_schedule(create: Any, backend: Any, **given: Any) -> Any:
        backend.get_schedule_group(given.get("group_name"))
        _check(given)
        return _fired(backend, create(backend, **given))

    def update_schedule(update: Any, backend: Any, **given: Any) -> Any:
        _check(given)
        schedule = update(backend, **given)
        schedule.state = schedule.state or "ENABLED"
        return _fired(backend, schedule)

    def delete_schedule(delete: Any, backend: Any, group_name: str | None, name: str) -> None:
        schedule = backend.get_schedule(group_name, name)
        delete(backend, group_name, name)
        _runner().forget(schedule.arn)

    def delete_schedule_group(delete_group: Any, backend: Any, name: str | None) -> None:
        if name not in backend.schedule_groups:
            raise ScheduleGroupNotFound(name or "default")
        for schedule in list(backend.schedule_groups[name].schedules.values()):
            _runner().forget(schedule.arn)
        delete_group(backend, name)

    wrap(provider, f"{BACKEND}.create_schedule", create_schedule)
    wrap(provider, f"{BACKEND}.update_schedule", update_schedule)
    wrap(provider, f"{BACKEND}.delete_schedule", delete_schedule, "group_name", "name")
    wrap(provider, f"{BACKEND}.delete_schedule_group", delete_schedule_group, "name")


def _runner() -> Any:
    from wavetank.emulator.scheduler.runner import RUNNER

    return RUNNER


def _check(given: dict[str, Any]) -> None:
    """Raise moto's ValidationException for a schedule that could not be fired."""
    from moto.scheduler.exceptions import ValidationException

    from wavetank.emulator.scheduler.target import refusal

    try:
        _expression(given["schedule_expression"], given.get("schedule_expression_timezone"))
    except (ValueError, LookupError, OSError) as error:
        raise ValidationException(f"Invalid Schedule Expression {given['schedule_expression']}. {error}") from error
    reason = refusal(given.get("target") or {})
    if reason:
        raise ValidationException(f"Target.Arn {(given.get('target') or {}).get('Arn')}: {reason}.")


def _expression(text: str, zone: str | None) -> "Expression":
    """Raises ValueError for what is no expression, and LookupError, ValueError or OSError for what is no time zone."""
    from zoneinfo import ZoneInfo

    from wavetank.emulator.scheduler.expression import parse

    return parse(text, ZoneInfo(zone or "UTC"))


def _fired(backend: Any, made: Any) -> Any:
    """A schedule of moto's, which is fired from now on, or no more where it is disabled."""
    from wavetank.emulator.scheduler import delivery
    from wavetank.emulator.scheduler.runner import Schedule

    if made.state != "ENABLED":
        _runner().forget(made.arn)
        return made

    def finished() -> None:
        group = backend.schedule_groups.get(made.group_name)
        if made.action_after_completion == "DELETE" and group is not None:
            group.schedules.pop(made.name, None)

    now = CLOCK.now()
    _runner().keep(
        Schedule(
            made.arn,
            made.name,
            _expression(made.schedule_expression, made.schedule_expression_timezone),
            partial(delivery.call, made.arn, made.target),
            start=float(made.start_date) if made.start_date else now,
            end=float(made.end_date) if made.end_date else None,
            finished=finished,
        )
    )
    return made

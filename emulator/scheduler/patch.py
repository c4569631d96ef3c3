"""Has moto's schedules fired: what cannot be is refused when a schedule is made, and what is made is kept in time."""

from types import ModuleType
from typing import TYPE_CHECKING, Any

from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.runtime.on_import import when_imported

if TYPE_CHECKING:
    from wavetank.emulator.scheduler.expression import Expression

PROVIDER = "localstack.services.scheduler.provider"


def install() -> None:
    """Change the back end when LocalStack has loaded it and changed it itself."""
    when_imported(PROVIDER, patch)


def patch(provider: ModuleType) -> None:
    """Wrap what makes, changes and removes schedules. Raises AttributeError where moto has no such method."""
    from moto.scheduler.exceptions import ScheduleGroupNotFound

    backend = provider.EventBridgeSchedulerBackend
    create, update = backend.create_schedule, backend.update_schedule
    delete, delete_group = backend.delete_schedule, backend.delete_schedule_group

    def create_schedule(self: Any, **given: Any) -> Any:
        self.get_schedule_group(given.get("group_name"))
        _check(given)
        return _kept(self, create(self, **given))

    def update_schedule(self: Any, **given: Any) -> Any:
        _check(given)
        schedule = update(self, **given)
        schedule.state = schedule.state or "ENABLED"
        return _kept(self, schedule)

    def delete_schedule(self: Any, group_name: str | None, name: str) -> None:
        schedule = self.get_schedule(group_name, name)
        delete(self, group_name, name)
        _runner().forget(schedule.arn)

    def delete_schedule_group(self: Any, name: str | None) -> None:
        if name not in self.schedule_groups:
            raise ScheduleGroupNotFound(name or "default")
        for schedule in list(self.schedule_groups[name].schedules.values()):
            _runner().forget(schedule.arn)
        delete_group(self, name)

    backend.create_schedule = create_schedule
    backend.update_schedule = update_schedule
    backend.delete_schedule = delete_schedule
    backend.delete_schedule_group = delete_schedule_group


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


def _kept(backend: Any, made: Any) -> Any:
    """Fire a schedule of moto's from now on, or no more where it is disabled; returns it."""
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
            made.target,
            start=float(made.start_date) if made.start_date else now,
            end=float(made.end_date) if made.end_date else None,
            finished=finished,
        )
    )
    return made

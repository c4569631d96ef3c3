"""EventBridge's rules with a schedule, each fired while it is enabled.

A rate counts from when the rule was made, or given another expression, and its first tick is one interval later; a
rule that is disabled for a while keeps its times.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from wavetank.emulator.deliveries.events import SCHEDULES, tick
from wavetank.emulator.runtime.clock import CLOCK
from wavetank.emulator.scheduler.expression import parse
from wavetank.emulator.scheduler.runner import RUNNER, Schedule

ZONE = ZoneInfo("UTC")
DISABLED = "DISABLED"
_DUE: ContextVar[float | None] = ContextVar("due", default=None)


@dataclass(frozen=True)
class ScheduledRule:
    """A rule of LocalStack's, the moment from which its rate counts, and what a tick of it does."""

    rule: Any
    began: float
    call: Callable[[], object]

    def tick(self, at: float) -> None:
        """Call the targets of a tick that is due at this moment (seconds since the epoch)."""
        token = _DUE.set(at)
        try:
            self.call()
        finally:
            _DUE.reset(token)


class Rules:
    """The rules with a schedule, by ARN."""

    def __init__(self) -> None:
        self._rules: dict[str, ScheduledRule] = {}

    def keep(self, rule: Any, call: Callable[[], object]) -> None:
        """Fire a rule from now on, if it is enabled, in the place of the one with its ARN.

        Raises InvalidExpressionError where the rule's schedule is none.
        """
        before = self._rules.get(rule.arn)
        is_same = before is not None and before.rule.schedule_expression == rule.schedule_expression
        began = before.began if before is not None and is_same else CLOCK.now()
        self._rules[rule.arn] = ScheduledRule(rule, began, call)
        self.heed(rule.arn)

    def heed(self, arn: str) -> None:
        """Fire a rule from now on where it is enabled, and else no more; one without a schedule is ignored."""
        scheduled = self._rules.get(arn)
        if scheduled is None:
            return
        name = str(scheduled.rule.name)
        if scheduled.rule.state == DISABLED:
            RUNNER.forget(arn)
            SCHEDULES.keep(name, lambda: tick(name, lambda: scheduled.tick(CLOCK.now())))
            return
        expression = parse(scheduled.rule.schedule_expression, ZONE)
        RUNNER.keep(Schedule(arn, name, expression, scheduled.tick, scheduled.began), after=CLOCK.now())

    def forget(self, arn: str) -> None:
        """Fire a rule no more; an unknown one is ignored."""
        scheduled = self._rules.pop(arn, None)
        if scheduled is not None:
            RUNNER.forget(arn)
            SCHEDULES.forget(str(scheduled.rule.name))


RULES = Rules()


def due() -> datetime:
    """The moment for which the tick is that is under way on this thread; else emulator time. UTC."""
    at = _DUE.get()
    return datetime.fromtimestamp(CLOCK.now() if at is None else at, UTC)

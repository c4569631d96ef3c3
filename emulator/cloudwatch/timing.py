"""The periods that an alarm looks at, and the times at which it is evaluated.

A period of which the most was jumped over by the clock is none, unless a metric of the alarm has values in it: an
alarm's last periods may lie before a jump and after it. So a jump is no gap in the data. It costs no more than the
values that lie in it, either, since no time is one of evaluation at which the datapoints are those of the time before.
"""

from math import ceil, inf

from wavetank.emulator.cloudwatch.alarm import MetricAlarm
from wavetank.emulator.cloudwatch.core.metrics import Metrics
from wavetank.emulator.cloudwatch.core.queries import Stretches
from wavetank.emulator.runtime.clock import Clock

STEPS = 6
"""An alarm with long periods is evaluated at least so often in each, where many minutes are evaluated at once."""


FEW = 16
"""So many values of an alarm's metrics are looked at, to find out when the next one moves into another period."""


class Timing:
    """The times of alarms, by a clock and the metrics that there are."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    def stretches(self, alarm: MetricAlarm, at: float) -> Stretches:
        """The last periods before `at` that an alarm looks at, the newest last; none for one that is not evaluated."""
        if alarm.condition is None:
            return ()
        end, period_s, number = at, alarm.period_s, alarm.condition.range
        if self._clock.jumped_until <= at - number * period_s:
            return [(at - place * period_s, at - (place - 1) * period_s) for place in range(number, 0, -1)]
        stretches: list[tuple[float, float]] = []
        while len(stretches) < number:
            start = end - period_s
            if self._counts(alarm, start):
                stretches.append((start, end))
            elif jump := self._clock.jump(start):
                empty_s = start - max(jump[0], alarm.last_value(self._metrics, start) + 1)
                start -= max(0.0, floor(empty_s, period_s))
            end = start
        return stretches[::-1]

    def next_tick(self, alarm: MetricAlarm, until: float) -> float:
        """The next time at which an alarm has to be evaluated, but the first after `until` at the latest."""
        (at, stretches), every_s, period_s = alarm.window, alarm.every_s, alarm.period_s
        after = floor(until, every_s) + every_s
        step_s: float = every_s
        if until - at > every_s:
            step_s = max(every_s, floor(period_s / STEPS, every_s))
        tick = at + step_s
        if tick > until or not stretches:
            return after
        tick = max(tick, self._changes_after(alarm, at, stretches[0][0]))
        while tick <= until and not self._counts(alarm, tick - period_s):
            jump = self._clock.jump(tick - period_s / 2)
            lived = floor(jump[1] + period_s / 2, every_s) if jump else tick
            tick = max(tick + step_s, min(lived, self._tick_after(alarm, tick)))
        return min(tick, after)

    def _changes_after(self, alarm: MetricAlarm, at: float, oldest: float) -> float:
        """The first time of evaluation at which a value, or the edge of a jump, is in another period; 0 if unknown."""
        period_s, every_s = alarm.period_s, alarm.every_s
        times = alarm.times(self._metrics, oldest, at, FEW)
        if times:
            # A period is jumped over while its beginning is within half a period of these.
            jumps = [jump for jump in self._clock.jumps(oldest) if (jump[1] - jump[0]) * 2 > period_s]
            times += [edge - period_s / 2 for jump in jumps for edge in jump]
        if len(times) > FEW:
            return 0.0
        moves_at = min((value_at + ceil((at - value_at) / period_s) * period_s for value_at in times), default=inf)
        return min(self._tick_after(alarm, at), inf if moves_at == inf else floor(moves_at, every_s) + every_s)

    def _tick_after(self, alarm: MetricAlarm, start: float) -> float:
        """The first time of evaluation at which an alarm sees a value from `start` on."""
        value_at = alarm.next_value(self._metrics, start)
        return value_at if value_at == inf else floor(value_at, alarm.every_s) + alarm.every_s

    def _counts(self, alarm: MetricAlarm, start: float) -> bool:
        """Whether the period that begins then was lived, or has a value all the same."""
        end = start + alarm.period_s
        return self._clock.is_lived(start, end) or alarm.next_value(self._metrics, start) < end


def floor(at: float, step: float) -> float:
    """The last multiple of a step that is not after `at`."""
    return at // step * step

"""The metrics and alarms of this stack, and what becomes of a change of state: history and actions."""

from wavetank.emulator.cloudwatch.actions import take_actions
from wavetank.emulator.cloudwatch.core.metrics import Metrics
from wavetank.emulator.cloudwatch.evaluator import Evaluator
from wavetank.emulator.cloudwatch.history import HISTORY
from wavetank.emulator.runtime.cloudwatch import GAUGES
from wavetank.emulator.runtime.reset import RESET

METRICS = Metrics()
EVALUATOR = Evaluator(METRICS)


def start() -> None:
    """Have changes of state noted and their actions taken, and let go of everything at a reset."""
    EVALUATOR.changed, EVALUATOR.act, EVALUATOR.measure = HISTORY.note_change, take_actions, GAUGES.measure
    EVALUATOR.start()
    RESET.enrol("cloudwatch", _clear)


def stop() -> None:
    """Evaluate alarms no more."""
    RESET.strike_off("cloudwatch")
    EVALUATOR.close()


def _clear() -> None:
    EVALUATOR.clear()
    HISTORY.clear()

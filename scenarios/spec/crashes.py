"""Functions that die in the midst of their work: what the drills of crashes have in common."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action, Point
from wavetank.scenarios.spec.nemeses.fault import Fault


def functions_die(how: Action) -> tuple[Fault, ...]:
    """Processor, partitioner and concatenator die now and then, each before or after one of its calls takes effect."""
    return (
        _death("processor", "wavetank-*-processor", how, When(count=3), call=2),
        _death("partitioner", "wavetank-partitioner", how, When(every=2, count=3), call=3),
        _death("concatenator", "wavetank-concatenator", how, When(count=1), call=4),
    )


def _death(who: str, function: str, how: Action, when: When, call: int) -> Fault:
    return Fault(f"{who}-dies", Point.LAMBDA_INVOKE, how, {"function": function}, when, parameters={"call": call})

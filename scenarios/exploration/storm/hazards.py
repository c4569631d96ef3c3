"""The hazards of a storm, and what it leaves out and why. Pure: takes a generator of random numbers, returns faults.

Every point and action of the catalogue is in one of the two tables, so that a new one has to be thought about.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import POINTS, Action, Point
from wavetank.scenarios.spec.nemeses.fault import Fault

Key = tuple[Point, Action]

LEFT_OUT: Mapping[Key, str] = {
    (Point.AWS_CALL, Action.HOLD_BEFORE): "it ends when somebody takes it away, and nobody would",
    (Point.AWS_CALL, Action.HOLD_AFTER): "as for hold-before",
    (Point.FIREHOSE_DELIVERY, Action.ERROR_OUTPUT): "records go to the error prefix by design; they come back by hand",
    (Point.FIREHOSE_ENDPOINT, Action.FAIL): "no delivery stream of the pipeline has an HTTP endpoint",
    (Point.FIREHOSE_ENDPOINT, Action.DUPLICATE): "as for fail",
    (Point.KINESIS_GET, Action.RESHARD): "the stream stays split, so that rounds would not begin alike",
    (
        Point.SCHEDULE_TICK,
        Action.DROP,
    ): "a storm's ticks carry the workload's time, and so do not come from EventBridge",
    (Point.SCHEDULE_TICK, Action.DUPLICATE): "as for drop",
    (Point.SCHEDULE_TICK, Action.OVERLAP): "as for drop",
}
"""Point and action → why no storm has it."""

_PIPELINE = "wavetank-*"
_STREAMS = "wavetank-*"
_FIELDS: Mapping[Point, Mapping[str, str]] = {
    Point.AWS_CALL: {"caller": _PIPELINE},
    Point.S3_READ: {"caller": _PIPELINE},
    Point.S3_LISTING: {"caller": _PIPELINE},
    Point.SQS_SEND: {"caller": _PIPELINE},
    Point.KINESIS_GET: {"reader": "[ef]*"},
    Point.S3_NOTIFICATION: {"key": "chunks/*"},
    Point.LAMBDA_INVOKE: {"function": _PIPELINE},
    Point.LAMBDA_ASYNC: {"function": _PIPELINE},
    Point.ESM_BATCH: {"function": _PIPELINE},
    Point.KINESIS_PUT: {"stream": _STREAMS},
    Point.FIREHOSE_BUFFER: {"delivery_stream": _STREAMS},
    Point.FIREHOSE_DELIVERY: {"delivery_stream": _STREAMS},
    Point.SNS_DELIVERY: {"topic": _STREAMS},
}
"""The targets of a fault of a point: the pipeline, never the drill that looks at it."""

MOST_STRIKES = 6
MOST_NTH = 8


@dataclass(frozen=True)
class Hazard:
    """An action at a point, and the parameters it is drawn with."""

    point: Point
    action: Action

    def fault(self, name: str, rng: random.Random) -> Fault:
        """A fault that ends by itself: it strikes a few events and no more."""
        count = rng.randint(1, MOST_STRIKES)
        match rng.randrange(3):
            case 0:
                when = When(nth=frozenset(rng.sample(range(1, MOST_NTH + 1), min(count, 3))))
            case 1:
                when = When(every=rng.randint(1, 4), count=count)
            case _:
                when = When(probability=round(rng.uniform(0.1, 1.0), 2), count=count)
        seed = rng.randrange(1000)
        action = POINTS[self.point].actions[self.action]
        parameters: dict[str, float | int | str] = {
            parameter.name: parameter.default for parameter in action.parameters
        }
        draws: Mapping[str, Callable[[], float | int]] = {
            "delay_s": lambda: float(rng.choice((1, 20, 400))),
            "copies": lambda: rng.randint(1, 2),
            "behind": lambda: rng.randint(1, 3),
            "call": lambda: rng.randint(1, 8),
            "lag_s": lambda: float(rng.choice((5, 60))),
            "keys": lambda: rng.randint(1, 3),
            "records": lambda: rng.randint(0, 2),
        }
        parameters |= {name: draws[name]() for name in parameters if name in draws}
        match = dict(_FIELDS.get(self.point, {}))
        return Fault(name, self.point, self.action, match, when=when, seed=seed, parameters=parameters)


def hazards() -> list[Hazard]:
    """Every point and action that a storm may have."""
    return [
        Hazard(point.name, action)
        for point in POINTS.values()
        for action in point.actions
        if (point.name, action) not in LEFT_OUT
    ]


def schedule(rng: random.Random, most: int) -> tuple[Fault, ...]:
    """Between one and `most` faults, of different kinds where there are enough."""
    every = hazards()
    chosen = rng.sample(every, min(len(every), rng.randint(1, most)))
    return tuple(
        hazard.fault(f"{number}-{hazard.point}-{hazard.action}", rng) for number, hazard in enumerate(chosen, 1)
    )

"""Faults for tests and scripts: each holds for the length of a block, and is gone after it.

with stack.faults.drop("s3.notification", nth=3, match={"key": "chunks/*"}) as fault:
    ...
assert fault.firings()
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from wavetank.emulator.stack.control import Control, Json

CONDITIONS = ("nth", "every", "probability", "count", "window")


@dataclass(frozen=True)
class FaultHandle:
    """A fault that is set."""

    control: Control
    id: str

    def firings(self) -> list[Json]:
        """Firings of the fault so far, oldest first."""
        return [firing for firing in self.control.activity() if firing["fault"] == self.id]


class FaultBlocks:
    """The faults of one stack.

    Every action is a method: `drop`, `duplicate`, `error_before`, … with the fault point, the conditions (nth, every,
    probability, count, window), `match`, `seed` and the action's parameters. What does not exist is refused by the
    stack, with a list of what does.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    @contextmanager
    def set(
        self, point: str, action: str, *, match: Mapping[str, str] | None = None, seed: int = 0, **rest: Any
    ) -> Iterator[FaultHandle]:
        """Set a fault for the length of the block. Raises ControlRefused for what is no fault."""
        when = {name: rest.pop(name) for name in CONDITIONS if name in rest}
        document = {
            "point": point,
            "action": action,
            "match": dict(match or {}),
            "when": {name: list(value) if isinstance(value, tuple) else value for name, value in when.items()},
            "seed": seed,
            "parameters": rest,
        }
        handle = FaultHandle(self._control, self._control.add_fault(document))
        try:
            yield handle
        finally:
            if handle.id in {fault["id"] for fault in self._control.faults()}:
                self._control.remove_fault(handle.id)

    def __getattr__(self, name: str) -> Any:
        """The method of an action, its dashes as underscores."""
        if name.startswith("_"):
            raise AttributeError(name)

        def method(point: str, **rest: Any) -> Any:
            return self.set(point, name.replace("_", "-"), **rest)

        return method

    def points(self) -> Sequence[Json]:
        """Where faults can strike, and what they can do there."""
        return self._control.fault_points()

    def clear(self) -> None:
        """Take every fault away."""
        self._control.clear_faults()

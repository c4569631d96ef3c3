"""Faults for tests and scripts: each holds for the length of a block, and is gone after it.

with stack.faults.drop("s3.notification", nth=3, match={"key": "chunks/*"}) as fault:
    ...
assert fault.firings()
"""

from collections.abc import Mapping, Sequence
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


class FaultBlock:
    """A fault for the length of a `with` block; before it is entered nothing is set."""

    def __init__(self, control: Control, document: Json) -> None:
        self._control = control
        self._document = document
        self._handle: FaultHandle | None = None
        self.entered = False

    def __enter__(self) -> FaultHandle:
        self.entered = True
        self._handle = FaultHandle(self._control, self._control.add_fault(self._document))
        return self._handle

    def __exit__(self, *_: object) -> None:
        if self._handle is not None and self._handle.id in {fault["id"] for fault in self._control.faults()}:
            self._control.remove_fault(self._handle.id)

    def __str__(self) -> str:
        return f"{self._document['action']} at {self._document['point']}"


class FaultBlocks:
    """The faults of one stack.

    Every action is a method: `drop`, `duplicate`, `error_before`, … with the fault point, the conditions (nth, every,
    probability, count, window), `match`, `seed` and the action's parameters. What does not exist is refused by the
    stack, with a list of what does, at once and not only when the block is entered.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self._blocks: list[FaultBlock] = []

    def set(
        self, point: str, action: str, *, match: Mapping[str, str] | None = None, seed: int = 0, **rest: Any
    ) -> FaultBlock:
        """A fault for the length of a block: `with` has to follow. Raises ControlRefused for what is no fault."""
        when = {name: rest.pop(name) for name in CONDITIONS if name in rest}
        document = {
            "point": point,
            "action": action,
            "match": dict(match or {}),
            "when": {name: list(value) if isinstance(value, tuple) else value for name, value in when.items()},
            "seed": seed,
            "parameters": rest,
        }
        self._control.check_fault(document)
        block = FaultBlock(self._control, document)
        self._blocks.append(block)
        return block

    def forgotten(self) -> list[FaultBlock]:
        """The blocks since the last call that were made and never entered: no fault was ever set."""
        forgotten = [block for block in self._blocks if not block.entered]
        self._blocks.clear()
        return forgotten

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

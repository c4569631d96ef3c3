"""The things that may still be in flight when a wait ends, as a value that a drill can say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self

from wavetank.emulator.faults.points import Point
from wavetank.emulator.pending import Pending

BATCH, HIDDEN = "lambda.queue-source", "sqs.mapping"
"""The hops of a batch of messages that a function works on, and of these messages in their queue."""


@dataclass(frozen=True)
class Unfinished:
    """Everything in flight that all of this is true of; `name` says it to a person.

    resource, hop: whose it is and where, as patterns in the manner of a shell. by_fault: only what a fault holds back.
    returns: only what waits for emulator time to come once more. stopped: also what never comes by itself: each call
    that a fault holds until it is taken away, the invocation that makes it, and the batch that this is for.
    """

    name: str
    resource: str = "*"
    hop: str = "*"
    by_fault: bool = False
    returns: bool = False
    stopped: bool = False

    @classmethod
    def of(cls, resource: str) -> Self:
        """All that is in flight of a function, a stream or a queue."""
        return cls(resource, resource=resource)

    def besides(self, pending: Iterable[Pending], now: float) -> list[Pending]:
        """What else is in flight at `now` (emulator time): all but what is so and waits for its time, or is stopped."""
        stopped = Counter[tuple[str, str]]()
        left = []
        for item in sorted(pending, key=lambda item: not item.by_fault):
            if item in self and item.waits(now):
                continue
            if self.stopped and item.hop == Point.AWS_CALL and item.by_fault and item.until is None:
                stopped.update([(Point.LAMBDA_INVOKE, item.resource), (BATCH, item.resource)])
            elif stopped[item.hop, item.resource]:
                stopped[item.hop, item.resource] -= 1
            else:
                left.append(item)
        return left

    def __contains__(self, item: Pending) -> bool:
        return (
            fnmatchcase(item.resource, self.resource)
            and fnmatchcase(item.hop, self.hop)
            and (item.by_fault or not self.by_fault)
            and (item.until is not None or not self.returns)
        )


HELD_BACK = Unfinished("what a fault holds back", by_fault=True)
PROCESSORS = Unfinished("the processors", resource="*-processor")
HIDDEN_MESSAGES = Unfinished("hidden messages", hop=HIDDEN, returns=True)
"""Messages of a queue that were received, are not done, and come again."""
STOPPED = Unfinished("what a fault has stopped", hop=HIDDEN, returns=True, stopped=True)
"""Messages that a stopped function works on are hidden meanwhile."""

"""The things that may still be in flight when a wait ends, as a value that a drill can say."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self

from wavetank.emulator.pending import Pending


@dataclass(frozen=True)
class Unfinished:
    """Everything in flight that all of this is true of; `name` says it to a person.

    resource, hop: whose it is and where, as patterns in the manner of a shell. by_fault: only what a fault holds back.
    returns: only what waits for emulator time to come once more.
    """

    name: str
    resource: str = "*"
    hop: str = "*"
    by_fault: bool = False
    returns: bool = False

    @classmethod
    def of(cls, resource: str) -> Self:
        """All that is in flight of a function, a stream or a queue."""
        return cls(resource, resource=resource)

    def __contains__(self, item: Pending) -> bool:
        return (
            fnmatchcase(item.resource, self.resource)
            and fnmatchcase(item.hop, self.hop)
            and (item.by_fault or not self.by_fault)
            and (item.until is not None or not self.returns)
        )


HELD_BACK = Unfinished("what a fault holds back", by_fault=True)
PROCESSORS = Unfinished("the processors", resource="*-processor")
HIDDEN_MESSAGES = Unfinished("hidden messages", hop="sqs.mapping", returns=True)
"""Messages of a queue that were received, are not done, and come again."""

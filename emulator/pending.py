"""Things in flight, in fields: their words are for people, and no program reads them to find out more."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pending:
    """The thing in flight: on which hop (`s3.notification`), whose it is, and what it is, for a person to read.

    resource: the function, stream, queue, topic or bucket that it is about, by its name. until: the emulator time
    (seconds since the epoch) before which nothing happens to it; None where it is at work, or a settle lets it go.
    by_fault: it waits only because a fault holds it back.
    """

    hop: str
    resource: str
    what: str
    until: float | None = None
    by_fault: bool = False

    def waits(self, now: float) -> bool:
        """Whether its time is still to come at `now` (emulator time)."""
        return self.until is not None and self.until > now

"""The one setting of an account: its minimum throughput billing commitment."""

from dataclasses import dataclass

COMMITMENT_MS = 24 * 3_600_000


@dataclass(slots=True)
class Commitment:
    """On, off, or off as soon as the minimum of a day is over; times in milliseconds since the epoch."""

    started_ms: int | None = None
    ended_ms: int | None = None

    @property
    def earliest_end_ms(self) -> int | None:
        """When a commitment that is on may end."""
        return None if self.started_ms is None else self.started_ms + COMMITMENT_MS

    def is_on(self, now_ms: int) -> bool:
        """Whether it holds now."""
        return self.started_ms is not None and (self.ended_ms is None or now_ms < self.ended_ms)

    def status(self, now_ms: int) -> str:
        """AWS: MinimumThroughputBillingCommitmentOutputStatus."""
        if not self.is_on(now_ms):
            return "DISABLED"
        return "ENABLED" if self.ended_ms is None else "ENABLED_UNTIL_EARLIEST_ALLOWED_END"

    def switch(self, on: bool, now_ms: int) -> None:
        """Turn it on, or off as soon as that is allowed."""
        if on and not self.is_on(now_ms):
            self.started_ms = now_ms
        if on:
            self.ended_ms = None
        elif self.is_on(now_ms) and self.earliest_end_ms is not None:
            self.ended_ms = max(now_ms, self.earliest_end_ms)

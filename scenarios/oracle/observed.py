"""What was seen of a run between the producer and the data at rest, as plain values: what the oracle goes by."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wavetank.scenarios.oracle.alarms import Watched
from wavetank.scenarios.oracle.hops import Hop, Seen

Version = tuple[str, int]
"""An event as it was sent: its id, and its time in milliseconds. An id with another time is another version of it."""

Course = tuple[tuple[Version, ...], ...]
"""The versions that came to a stream: those of each shard one after another, copies included."""


@dataclass(frozen=True)
class Trail:
    """Which ids were seen at each hop, in what order they came to the streams, and when what is at rest changed last.

    courses: by event type and stream (`Hop.RAW`, `Hop.PROCESSED`). healed_s and changed_s: seconds since the run began;
    None where nothing was healed, or nothing is at rest. alarms: every alarm of the pipeline with what its metric was.
    """

    seen: Seen = field(default_factory=dict)
    courses: Mapping[tuple[str, Hop], Course] = field(default_factory=dict)
    healed_s: float | None = None
    changed_s: float | None = None
    alarms: tuple[Watched, ...] = ()

    @property
    def convergence_s(self) -> float | None:
        """How long after the healing what is at rest changed last, 0 if before it; None where either is not known."""
        if self.healed_s is None or self.changed_s is None:
            return None
        return max(0.0, self.changed_s - self.healed_s)

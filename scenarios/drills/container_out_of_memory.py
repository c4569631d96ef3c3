"""The container of the emulator reaches its memory limit while it is fed, and is killed for it."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.container import MemoryReached

DRILL = Drill(
    name="container-out-of-memory",
    hypothesis="An emulator killed for its memory loses nothing that its producer has kept.",
    tags=(Tag.CONTAINERS, Tag.OUTAGE),
    nemeses=(MemoryReached(),),
)

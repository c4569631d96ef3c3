"""The container of the emulator reaches its memory limit while it is fed, and is killed for it."""

from wavetank.scenarios.spec import Drill, MemoryReached, Tag

DRILL = Drill(
    name="container-out-of-memory",
    hypothesis="An emulator killed for its memory loses nothing that its producer has kept.",
    tags=(Tag.CONTAINERS, Tag.OUTAGE),
    nemeses=(MemoryReached(),),
)

"""The container of the emulator is frozen while it is fed."""

from wavetank.scenarios.spec import ContainerPaused, Drill, Tag

DRILL = Drill(
    name="container-paused",
    hypothesis="What a producer got no answer for is sent again, and is at rest once, though it may have been taken.",
    tags=(Tag.CONTAINERS, Tag.OUTAGE),
    nemeses=(ContainerPaused(seconds=4.0),),
)

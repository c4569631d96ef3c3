"""The container of the emulator is off its network while it is fed."""

from wavetank.scenarios.spec import ContainerCut, Drill, Tag

DRILL = Drill(
    name="container-cut",
    hypothesis="What a producer cannot send for want of a network is sent when there is one; what is inside goes on.",
    tags=(Tag.CONTAINERS, Tag.OUTAGE),
    nemeses=(ContainerCut(seconds=4.0),),
)

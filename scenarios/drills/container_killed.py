"""The container of the emulator is killed while it is fed, and all that it held is gone."""

from wavetank.scenarios.spec import ContainerKilled, Drill, Tag

DRILL = Drill(
    name="container-killed",
    hypothesis="A pipeline that lost everything is deployed and fed anew from the producer's journal, to the same end.",
    tags=(Tag.CONTAINERS, Tag.OUTAGE),
    nemeses=(ContainerKilled(),),
)

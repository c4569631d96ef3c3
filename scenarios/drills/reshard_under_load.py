"""The shards of both streams are split and merged while events flow."""

from wavetank.scenarios.spec import ALL_LANDED, Drill, Resharded, Tag, look_when_merged

DRILL = Drill(
    name="reshard-under-load",
    hypothesis="Readers follow a stream through splits and merges, and pass over no record.",
    tags=(Tag.STREAMS,),
    nemeses=(Resharded(),),
    during=look_when_merged("through splits and merges", ALL_LANDED),
    stalls=True,
)

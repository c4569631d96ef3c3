"""Somebody gives the processor less memory than it was deployed with, and it is just enough."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    Drill,
    Reconfigured,
    SendAgain,
    Settle,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="memory-near-the-limit",
    hypothesis="A function that still works is told of before it runs out of memory.",
    tags=(Tag.FUNCTIONS, Tag.ALARMS),
    workload=Workload(conversions=False, component="little-memory"),
    nemeses=(Reconfigured({"MemorySize": 128}, id="little-memory"),),
    during=(
        *(Advance(hours=5 * MINUTE), SendAgain(share=1.0), Settle()) * 4,
        *look_when_merged("with little memory", ALL_LANDED),
    ),
    alarms=("wavetank-click-processor-memory",),
)

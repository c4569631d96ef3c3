"""A dump takes longer than the time between two ticks of its schedule."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    Drill,
    Dump,
    DumpResult,
    TableLocked,
    Tag,
    Unlock,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="dump-outlasts-its-interval",
    hypothesis="A tick that finds the dumper at work is left out, and the dump at work is published.",
    tags=(Tag.REFERENCE, Tag.SCHEDULE),
    workload=Workload(events=120, conversions=False, component="transfers"),
    nemeses=(TableLocked(),),
    during=(
        Dump(
            "that takes long",
            DumpResult.UNCHANGED,
            meanwhile=(
                Advance(hours=2 * MINUTE),
                Dump("while it is at work", DumpResult.TURNED_AWAY),
                Unlock(),
            ),
        ),
        Dump("after it", DumpResult.UNCHANGED),
        *look_when_merged("beside a long dump", ALL_LANDED),
    ),
    alarms=None,
    waits=True,
)

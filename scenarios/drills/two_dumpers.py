"""Two runs of the dumper are started at a time, and nothing but their lease keeps them apart."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Drill,
    Dump,
    DumpersUnbounded,
    DumpResult,
    TableLocked,
    Tag,
    Unlock,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="two-dumpers",
    hypothesis="A run of the dumper that overlaps another one is turned away before it connects.",
    tags=(Tag.REFERENCE, Tag.FUNCTIONS),
    workload=Workload(events=120, conversions=False, component="transfers"),
    nemeses=(DumpersUnbounded(), TableLocked()),
    during=(
        Dump(
            "first",
            DumpResult.UNCHANGED,
            meanwhile=(Dump("second, beside it", DumpResult.TURNED_AWAY, says="lease"), Unlock()),
        ),
        *look_when_merged("beside two dumpers", ALL_LANDED),
    ),
    waits=True,
)

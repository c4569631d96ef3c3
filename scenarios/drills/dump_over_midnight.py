"""Reference data change right before midnight, and are read again when the date is another one."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    AdvanceTo,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    SendAgain,
    Strike,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="dump-over-midnight",
    hypothesis="A change that is dumped before midnight and in effect after it is one like any other.",
    tags=(Tag.REFERENCE, Tag.SCHEDULE),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(
        DatabaseChanged(
            ("INSERT INTO campaigns VALUES ('dusk', 'Aurora', 'travel')",),
            ("DELETE FROM campaigns WHERE campaign IN ('dusk', 'dawn')",),
        ),
    ),
    during=(
        AdvanceTo("23:59:30"),
        Dump("before midnight", DumpResult.PUBLISHED),
        SendAgain(share=0.3),
        Advance(hours=2 * MINUTE),
        SendAgain(share=0.3),
        Dump("after midnight", DumpResult.UNCHANGED),
        Strike(DatabaseChanged(("INSERT INTO campaigns VALUES ('dawn', 'Aurora', 'travel')",), id="changed-again")),
        Dump("on the new day", DumpResult.PUBLISHED),
        Advance(hours=2 * MINUTE),
        SendAgain(share=0.3),
        *look_when_merged("over midnight", ALL_LANDED),
    ),
    alarms=None,
)

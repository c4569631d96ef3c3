"""The database answers its dumper later than the dumper waits."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Drill,
    Dump,
    DumpResult,
    PortionsWithheld,
    SendPortion,
    TableLocked,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="database-slow",
    hypothesis="A statement that takes too long is broken off, and events go on with what was published last.",
    tags=(Tag.REFERENCE, Tag.OUTAGE),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(PortionsWithheld(sent=1), TableLocked()),
    during=(
        Dump("while the table is locked", DumpResult.REFUSED, says="does not answer its statement"),
        SendPortion(2),
        *look_when_merged("while it is slow", ALL_LANDED),
    ),
    after=(Dump("when it answers again", DumpResult.UNCHANGED),),
    alarms=("wavetank-campaigns-dump-refused",),
    waits=True,
)

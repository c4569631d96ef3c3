"""The database of the reference data is down for an hour."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    DatabaseDown,
    Drill,
    Dump,
    DumpResult,
    PortionsWithheld,
    SendAgain,
    SendPortion,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="database-down",
    hypothesis="While the database is down events flow, enriched with what was published last; it is told of.",
    tags=(Tag.REFERENCE, Tag.OUTAGE, Tag.ALARMS),
    workload=Workload(conversions=False, component="campaigns-in-database"),
    nemeses=(PortionsWithheld(sent=1), DatabaseDown()),
    during=(
        *(
            step
            for quarter in range(1, 5)
            for step in (
                Dump(f"in quarter {quarter} of the hour", DumpResult.FAILED, says="cannot connect"),
                Advance(hours=15 * MINUTE),
            )
        ),
        SendPortion(2),
        SendAgain(share=0.2),
        *look_when_merged("while it is down", ALL_LANDED),
    ),
    after=(Dump("when it is up again", DumpResult.UNCHANGED),),
    alarms=None,
)

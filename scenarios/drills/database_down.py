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
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(PortionsWithheld(sent=1), DatabaseDown()),
    during=(
        *(
            step
            for minutes in range(0, 60, 5)
            for step in (
                Dump(f"after {minutes} minutes", DumpResult.FAILED, says="cannot connect"),
                Advance(hours=5 * MINUTE),
            )
        ),
        SendPortion(2),
        SendAgain(share=0.2),
        *look_when_merged("while it is down", ALL_LANDED),
    ),
    after=(Dump("when it is up again", DumpResult.UNCHANGED),),
    alarms=("wavetank-ads-dumper-error-rate", "wavetank-campaigns-reference-stale"),
)

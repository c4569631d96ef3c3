"""Somebody deletes every row of the reference data."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    PortionsWithheld,
    SendPortion,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="table-emptied",
    hypothesis="Most rows gone at a stroke are refused and told of: data that are old are better than none.",
    tags=(Tag.REFERENCE, Tag.ALARMS),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(
        PortionsWithheld(sent=1),
        DatabaseChanged(
            ("CREATE TABLE kept AS SELECT * FROM campaigns", "DELETE FROM campaigns"),
            ("INSERT INTO campaigns SELECT * FROM kept", "DROP TABLE kept"),
            id="table-emptied",
        ),
    ),
    during=(
        Dump("of an empty table", DumpResult.REFUSED, says="are gone"),
        Dump("of an empty table, again", DumpResult.REFUSED, says="are gone"),
        SendPortion(2),
        *look_when_merged("with the rows before", ALL_LANDED),
    ),
    after=(Dump("with its rows back", DumpResult.UNCHANGED),),
    alarms=("wavetank-campaigns-dump-refused",),
)

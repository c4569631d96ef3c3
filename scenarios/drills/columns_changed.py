"""A column of the reference data is dropped from the database, and comes back with another type."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    PortionsWithheld,
    SendPortion,
    Strike,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="columns-changed",
    hypothesis="Data without a column, or with one of another type, are refused by its name, and those before go on.",
    tags=(Tag.REFERENCE, Tag.SCHEMAS, Tag.ALARMS),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(
        PortionsWithheld(sent=1),
        DatabaseChanged(
            ("ALTER TABLE campaigns RENAME COLUMN vertical TO sector",),
            ("ALTER TABLE campaigns RENAME COLUMN sector TO vertical",),
            id="column-dropped",
        ),
    ),
    during=(
        Dump("without the column", DumpResult.REFUSED, says="vertical"),
        Strike(
            DatabaseChanged(
                ("ALTER TABLE campaigns ADD COLUMN vertical INT", "UPDATE campaigns SET vertical = 7"),
                ("ALTER TABLE campaigns DROP COLUMN vertical",),
                id="column-retyped",
            )
        ),
        Dump("with numbers in it", DumpResult.REFUSED, says="vertical"),
        SendPortion(2),
        *look_when_merged("with the data before", ALL_LANDED),
    ),
    after=(Dump("with the column as it was", DumpResult.UNCHANGED),),
    alarms=("wavetank-campaigns-dump-refused",),
)

"""Nothing changes in the database of the reference data for an hour."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Advance,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    SendAgain,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="quiet-reference-data",
    hypothesis="Reference data that do not change are not taken for stale: they were looked at, and that is known.",
    tags=(Tag.REFERENCE, Tag.ALARMS),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    # What changes is not a reference: a column that nobody reads.
    nemeses=(
        DatabaseChanged(
            ("ALTER TABLE campaigns ADD COLUMN note VARCHAR(9)", "UPDATE campaigns SET note = 'x'"),
            ("ALTER TABLE campaigns DROP COLUMN note",),
        ),
    ),
    during=(
        *(
            step
            for minutes in range(5, 65, 5)
            for step in (Advance(hours=5 * MINUTE), Dump(f"after {minutes} minutes", DumpResult.UNCHANGED))
        ),
        SendAgain(share=0.2),
        *look_when_merged("after an hour", ALL_LANDED),
    ),
)

"""The victim's processed schema objects lack their end."""

from wavetank.scenarios.spec import (
    PROCESSORS,
    Drill,
    Expect,
    Look,
    Scheduled,
    SchemaDamaged,
    Scope,
    Stall,
    Tag,
    Tick,
)

DRILL = Drill(
    name="half-written-schema",
    hypothesis="While the schema to write with is no schema, events wait on their streams, and none is set aside.",
    tags=(Tag.SCHEMAS, Tag.OUTAGE),
    nemeses=(SchemaDamaged(role="processed"),),
    during=(
        Stall(),
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look(
            "while it was damaged",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged", reasons=frozenset()),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
        ),
    ),
    stalls=True,
)

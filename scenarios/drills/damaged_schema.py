"""The victim's raw schema objects have a wrong bit, wherever that is."""

from wavetank.scenarios.spec import (
    PROCESSORS,
    Drill,
    Expect,
    Look,
    Redrive,
    Scheduled,
    SchemaDamaged,
    Scope,
    Stall,
    Tag,
    Tick,
)

DRILL = Drill(
    name="damaged-schema",
    hypothesis="Events whose schema is damaged wait or are set aside, whichever byte it is, and land once it is right.",
    tags=(Tag.SCHEMAS, Tag.QUARANTINE),
    nemeses=(SchemaDamaged(),),
    during=(
        Stall(on=PROCESSORS),
        Tick(Scheduled.PLANNER, but=PROCESSORS),
        Look("while it was damaged", (Expect("landed", Scope.OTHERS, equals="acknowledged"),)),
    ),
    after=(Redrive(),),
    stalls=True,
    sets_aside=("unknown-schema",),
)

"""The newest version of both schemas of conversions is published when others have been merged."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    EVERY_SHAPE,
    Drill,
    Expect,
    PublishVersions,
    Scope,
    SendAgain,
    Tag,
    VersionsHeldBack,
    look_when_merged,
)

DRILL = Drill(
    name="version-published-late",
    hypothesis="When a version is published in mid-stream, what was merged before it and what comes after meet in it.",
    tags=(Tag.SCHEMAS, Tag.SCHEDULE),
    nemeses=(VersionsHeldBack(),),
    victim="conversion",
    during=(
        *look_when_merged("before it was published", Expect("landed", equals="acknowledged", reasons=frozenset())),
        PublishVersions(),
        SendAgain(share=1.0),
        *look_when_merged("when events came in it", Expect("landed", Scope.VICTIM, at_least=8), ALL_LANDED),
    ),
    workload=EVERY_SHAPE,
)

"""A producer sends damaged clicks, one for each sound one."""

from wavetank.scenarios.spec import (
    CorruptCopies,
    Drill,
    Expect,
    Scope,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="quarantine-fills",
    hypothesis="More records in quarantine than usual are told of, and keep no other from landing.",
    tags=(Tag.RECORDS, Tag.QUARANTINE, Tag.ALARMS),
    workload=Workload(conversions=False, component="alarmed"),
    nemeses=(CorruptCopies(share=1.0),),
    during=look_when_merged(
        "beside the damaged ones",
        Expect("landed", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"bad-frame"})),
    ),
    alarms=("wavetank-click-quarantine",),
)

"""A rule of an event type is stricter than its events; it is mended."""

from wavetank.scenarios.spec import (
    Drill,
    Expect,
    OwnCodeMistaken,
    Redrive,
    Scope,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="rule-broken",
    hypothesis="An event that breaks a rule waits in quarantine by name, and a re-drive lands it once the rule fits.",
    tags=(Tag.RECORDS, Tag.QUARANTINE, Tag.OWN_CODE),
    workload=Workload(conversions=False, component="graded"),
    nemeses=(OwnCodeMistaken("graded-strictly"),),
    during=look_when_merged(
        "before the rule was mended",
        Expect("quarantined", Scope.VICTIM, at_least=2, reasons=frozenset({"invalid"})),
        Expect("landed", Scope.VICTIM, at_least=1),
        Expect("lost", Scope.VICTIM, at_most=0),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    after=(Redrive(),),
    sets_aside=("invalid",),
)

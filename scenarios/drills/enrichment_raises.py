"""Own code of an event type raises for some events and returns what does not fit for others; it is mended."""

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

REASONS = ("enrichment-failed", "enrichment-raised")

DRILL = Drill(
    name="enrichment-raises",
    hypothesis="An event that its own code fails for costs itself alone, and a re-drive lands it once that is mended.",
    tags=(Tag.RECORDS, Tag.QUARANTINE, Tag.OWN_CODE),
    workload=Workload(conversions=False, component="graded"),
    nemeses=(OwnCodeMistaken("graded-raises"),),
    during=look_when_merged(
        "before it was mended",
        Expect("quarantined", Scope.VICTIM, at_least=2, reasons=frozenset(REASONS)),
        Expect("dropped", Scope.VICTIM, at_least=1),
        Expect("lost", Scope.VICTIM, at_most=0),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    after=(Redrive(),),
    sets_aside=REASONS,
)

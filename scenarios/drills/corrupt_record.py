"""Damaged copies of events, in batches of the raw stream and in chunks; they are re-driven, and fail again."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    CorruptCopies,
    Drill,
    Expect,
    Look,
    Redrive,
    Scheduled,
    Scope,
    Settle,
    Tag,
    Tick,
)

STILL_THERE = Look("the damaged copies", (Expect("landed", Scope.VICTIM, reasons=frozenset({"bad-frame"})),))

DRILL = Drill(
    name="corrupt-record",
    hypothesis="A damaged record costs itself alone: its neighbours land, and re-driving it comes to an end.",
    tags=(Tag.BASICS, Tag.RECORDS, Tag.QUARANTINE),
    workload=EVERY_TYPE,
    nemeses=(CorruptCopies(share=0.1),),
    during=(Settle(), Tick(Scheduled.PLANNER), STILL_THERE),
    after=(Redrive(), Settle(), Redrive(), Settle(), Redrive(), Settle(), Redrive()),
)

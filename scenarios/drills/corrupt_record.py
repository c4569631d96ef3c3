"""Damaged copies of events, in batches of the raw stream and in chunks; they are re-driven, and fail again."""

from wavetank.scenarios.spec import (
    EVERY_DAMAGE,
    EVERY_SHAPE,
    CorruptCopies,
    Damage,
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

REASONS = (
    "bad-frame",
    "invalid-time",
    "missing-id",
    "oversize",
    "trailing-bytes",
    "undecodable",
    "unknown-schema",
)
STILL_THERE = Look(
    "the damaged copies", (Expect("landed", Scope.VICTIM, equals="acknowledged", reasons=frozenset(REASONS)),)
)

DRILL = Drill(
    name="corrupt-record",
    hypothesis="A record that cannot go on costs itself alone, whatever is wrong with it, and re-driving it ends.",
    tags=(Tag.BASICS, Tag.RECORDS, Tag.QUARANTINE),
    workload=EVERY_SHAPE,
    victim="impression",
    nemeses=(
        CorruptCopies(share=0.1, damages=(Damage.ANY_BYTE,)),
        CorruptCopies(share=0.2, damages=EVERY_DAMAGE, id="spoilt-copies"),
    ),
    during=(Settle(), Tick(Scheduled.PLANNER), STILL_THERE),
    alarms=None,
    after=(Redrive(), Settle(), Redrive(), Settle(), Redrive(), Settle(), Redrive()),
)

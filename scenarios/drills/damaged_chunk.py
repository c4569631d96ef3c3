"""Chunks were damaged in the bucket before anybody read them."""

from wavetank.scenarios.spec import (
    Action,
    ChunksDamaged,
    Drill,
    Expect,
    Fault,
    Point,
    Scheduled,
    Scope,
    Settle,
    Tag,
    Tick,
    look_when_merged,
)

DRILL = Drill(
    name="damaged-chunk",
    hypothesis="A chunk with a damaged byte costs one event; put back as it was, it gives that one, too.",
    tags=(Tag.STORAGE, Tag.QUARANTINE),
    nemeses=(
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}),
        ChunksDamaged(),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged(
            "with damaged chunks",
            Expect("lost", Scope.VICTIM, at_least=1, at_most=4, reasons=frozenset({"bad-frame"})),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
        ),
    ),
    sets_aside=("bad-frame",),
)

"""A write of a concatenator takes so long that its SDK sends it again; it takes effect when others have written more.

It is one of impressions, of which every chunk has some for every partition, so that there is more for whichever it is.
The SDK waits for half a minute by the wall clock, and so does the run.
"""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    HELD_BACK,
    Action,
    Advance,
    Drill,
    Fault,
    Look,
    Point,
    Scheduled,
    Settle,
    Stall,
    Tag,
    Tick,
    When,
)

DELAY_S = 600.0

DRILL = Drill(
    name="late-write",
    hypothesis="A write that comes after others have written is refused, and what they wrote stays.",
    tags=(Tag.SCHEDULE, Tag.STORAGE),
    nemeses=(
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/impression/*"}, when=When(every=2)),
        Fault(
            "slow-write",
            Point.AWS_CALL,
            Action.DELAY,
            {
                "service": "s3",
                "operation": "PutObject",
                "key": "avro/event=impression/*",
                "caller": "wavetank-concatenator",
            },
            when=When(nth=frozenset({1})),
            parameters={"delay_s": DELAY_S},
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.PLANNER, but=HELD_BACK),
        Stall(on=HELD_BACK),
        Tick(Scheduled.REPLAYER, but=HELD_BACK),
        Stall(on=HELD_BACK),
        Tick(Scheduled.PLANNER, but=HELD_BACK),
        Stall(on=HELD_BACK),
        Advance(hours=2 * DELAY_S / 3600),
        Settle(),
        Look("when it has written", (ALL_LANDED,)),
    ),
    waits=True,
)

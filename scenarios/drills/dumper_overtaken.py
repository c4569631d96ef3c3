"""A dumper is stopped right before it makes a snapshot known; its lease is removed by hand, and another does more."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Action,
    Advance,
    DatabaseChanged,
    Drill,
    Dump,
    DumpersUnbounded,
    DumpResult,
    Fault,
    LeaseRemoved,
    LetGo,
    Point,
    SendAgain,
    Strike,
    Tag,
    When,
    Workload,
    look_when_merged,
)

INDEX = {
    "service": "s3",
    "operation": "PutObject",
    "key": "reference/campaigns/index.json",
    "caller": "wavetank-ads-dumper",
}

DRILL = Drill(
    name="dumper-overtaken",
    hypothesis="A dumper that was overtaken makes nothing known any more: reference data never go back in time.",
    tags=(Tag.REFERENCE, Tag.STORAGE),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(
        DatabaseChanged(
            ("INSERT INTO campaigns VALUES ('dusk', 'Aurora', 'travel')",),
            ("DELETE FROM campaigns WHERE campaign IN ('dusk', 'dawn')",),
        ),
        # Its concurrency would keep the other one away for as long as it is at work.
        DumpersUnbounded(),
    ),
    during=(
        Strike(Fault("held", Point.AWS_CALL, Action.HOLD_BEFORE, INDEX, When(nth=frozenset({1})))),
        Dump(
            "that is stopped",
            DumpResult.REFUSED,
            says="meanwhile",
            meanwhile=(
                Strike(LeaseRemoved()),
                Strike(DatabaseChanged(("INSERT INTO campaigns VALUES ('dawn', 'Aurora', 'travel')",), id="more")),
                Dump("that overtakes it", DumpResult.PUBLISHED),
                LetGo("held"),
            ),
        ),
        Dump("after both", DumpResult.UNCHANGED),
        Advance(hours=2 * MINUTE),
        SendAgain(share=0.5),
        *look_when_merged("after both", ALL_LANDED),
    ),
    alarms=("wavetank-campaigns-dump-refused",),
    waits=True,
)

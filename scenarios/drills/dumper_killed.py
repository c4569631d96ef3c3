"""The dumper is killed before it makes a snapshot known, and right after."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    MINUTE,
    Action,
    Advance,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    Fault,
    Point,
    SendAgain,
    Tag,
    When,
    Workload,
    look_when_merged,
)

DUMPER = "wavetank-ads-dumper"
INDEX = {"service": "s3", "operation": "PutObject", "key": "reference/campaigns/index.json", "caller": DUMPER}
LEASE = 7 * MINUTE
"""Longer than the lease of a run that was killed."""

DRILL = Drill(
    name="dumper-killed",
    hypothesis="Of a dumper that is killed nothing half-done is seen, and once its lease has run out the next goes on.",
    tags=(Tag.REFERENCE, Tag.FUNCTIONS),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(
        Fault("killed-before", Point.AWS_CALL, Action.CRASH_BEFORE, INDEX, When(nth=frozenset({1}))),
        Fault("killed-after", Point.AWS_CALL, Action.CRASH_AFTER, INDEX, When(nth=frozenset({2}))),
        DatabaseChanged(
            ("INSERT INTO campaigns VALUES ('dawn', 'Aurora', 'travel')",),
            ("DELETE FROM campaigns WHERE campaign = 'dawn'",),
        ),
    ),
    during=(
        Dump("killed before the index", DumpResult.FAILED),
        Dump("while its lease lasts", DumpResult.TURNED_AWAY),
        Advance(hours=LEASE),
        Dump("killed after the index", DumpResult.FAILED, publishes=True),
        Advance(hours=LEASE),
        Dump("at last", DumpResult.UNCHANGED),
        SendAgain(share=0.5),
        *look_when_merged("after both", ALL_LANDED),
    ),
    alarms=("wavetank-ads-dumper-error-rate",),
)

"""Concatenators are stopped in the midst of a merge while others, who know more parts, come to their end.

One is stopped before its first write of files that nobody has written yet; one before it has read the state of files
that are there; and at last two at once, of which the one that knows less writes first, and is stopped again before its
index. The SDK waits for half a minute by the wall clock: by then each goes on.
"""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    STOPPED,
    Action,
    Drill,
    Fault,
    LetGo,
    Look,
    Point,
    PortionsWithheld,
    Scheduled,
    SendPortion,
    Settle,
    Stall,
    Strike,
    Tag,
    Tick,
    When,
    Workload,
)

PLANNER = Tick(Scheduled.PLANNER, but=STOPPED)


def stops(name: str, operation: str, layer: str) -> Strike:
    """The first such call for a file of impressions, of which each portion has some for every partition, is stopped."""
    match = {"operation": operation, "key": f"{layer}/event=impression/*", "caller": "wavetank-concatenator"}
    return Strike(Fault(name, Point.AWS_CALL, Action.HOLD_BEFORE, match, When(nth=frozenset({1}))))


DRILL = Drill(
    name="overtaken-merges",
    hypothesis="Of concatenators that overtake each other the one that knows all parts has the last word.",
    tags=(Tag.SCHEDULE, Tag.STORAGE),
    nemeses=(PortionsWithheld(),),
    during=(
        stops("first-write", "PutObject", "parquet"),
        *(PLANNER, SendPortion(2), Stall(on=STOPPED), PLANNER),
        *(LetGo("first-write"), Settle(), Look("after a late first write", (ALL_LANDED,))),
        *(SendPortion(3), Settle(), stops("late-look", "HeadObject", "parquet")),
        *(PLANNER, SendPortion(4), Stall(on=STOPPED), PLANNER),
        *(LetGo("late-look"), Settle(), Look("after a late look", (ALL_LANDED,))),
        *(
            SendPortion(5),
            Settle(),
            stops("slow-write", "PutObject", "parquet"),
            stops("slow-index", "PutObject", "ids"),
        ),
        *(PLANNER, SendPortion(6), Stall(on=STOPPED), stops("second-write", "PutObject", "parquet"), PLANNER),
        *(LetGo("slow-write"), Stall(on=STOPPED), LetGo("second-write"), Stall(on=STOPPED), LetGo("slow-index")),
        *(Settle(), Look("after both", (ALL_LANDED,))),
    ),
    workload=Workload(events=120, portions=6, conversions=False),
)

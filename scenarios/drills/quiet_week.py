"""Nothing happens for more than a week, in which chunks and parts expire; then half of the events come again.

Copies of all of them come an hour later.
The schedules are off for most of it: a thousand ticks that find nothing to do.
"""

from datetime import timedelta

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Age,
    BackFill,
    CountObjects,
    Drill,
    Fault,
    Look,
    Point,
    SendAgain,
    Settle,
    Tag,
    When,
    Window,
    Workload,
)

DAYS = 8
HOUR_S = 3600.0
WEEK_S = DAYS * 24 * HOUR_S
FEW = Workload(events=60, conversions=False)

DRILL = Drill(
    name="quiet-week",
    hypothesis="Merged files outlive their parts, and what comes when these have expired is merged with what is there.",
    tags=(Tag.AGE, Tag.STORAGE, Tag.DUPLICATES),
    nemeses=(
        Fault(
            "schedules-off",
            Point.SCHEDULE_TICK,
            Action.DROP,
            {"rule": "wavetank-*"},
            When(window=Window(5 * HOUR_S, WEEK_S)),
        ),
    ),
    during=(
        Age(hours=4),
        Look("when they were merged", (ALL_LANDED,)),
        CountObjects("chunks and parts then", ("chunks/", "parts/"), at_least=2, at_most=None, precondition=True),
        Age(hours=24 * DAYS, step_hours=24),
        Age(hours=6),
        Look("a week later", (ALL_LANDED,)),
        CountObjects("what is needed no more", ("chunks/", "parts/")),
    ),
    after=(
        SendAgain(share=0.5),
        SendAgain(share=1.0, later=timedelta(hours=1)),
        Settle(),
        BackFill(),
        Look("when half of them came again", (ALL_LANDED,)),
    ),
    workload=FEW,
    ages=True,
)

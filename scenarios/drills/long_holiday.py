"""Clicks cannot be merged and impressions are not partitioned, and for more than a week nobody looks after it.

The planner does not run for most of it, which would find nothing new.
"""

from wavetank.scenarios.spec import (
    HIDDEN_MESSAGES,
    Action,
    Age,
    BackFill,
    CountObjects,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    ReplayAll,
    SendAgain,
    Settle,
    Tag,
    When,
    Window,
    Workload,
)

DAYS = 8
DAY_S = 25 * 3600.0
WEEK_S = DAYS * 86_400.0
FEW = Workload(events=60, conversions=False)

DRILL = Drill(
    name="long-holiday",
    hypothesis="What is not done does not expire, nor is it forgotten that it could not be done.",
    tags=(Tag.AGE, Tag.SCHEDULE, Tag.STORAGE, Tag.OUTAGE),
    nemeses=(
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/impression/*"}),
        Fault("never-replayed", Point.SCHEDULE_TICK, Action.DROP, {"rule": "wavetank-replayer-*"}),
        Fault(
            "planner-off",
            Point.SCHEDULE_TICK,
            Action.DROP,
            {"rule": "wavetank-planner-*"},
            When(window=Window(DAY_S, WEEK_S)),
        ),
        Fault(
            "not-allowed",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {"service": "s3", "operation": "PutObject", "key": "avro/event=click/*", "caller": "wavetank-concatenator"},
            parameters={"status": 403, "code": "AccessDenied"},
        ),
    ),
    during=(
        Age(hours=24, but=HIDDEN_MESSAGES),
        Age(hours=24 * DAYS, but=HIDDEN_MESSAGES, step_hours=24),
        Age(hours=6, but=HIDDEN_MESSAGES),
        CountObjects("chunks that nobody has partitioned", ("chunks/impression/",), at_least=1, at_most=None),
        CountObjects("parts that nobody has merged", ("parts/event=click/",), at_least=1, at_most=None),
        CountObjects("parts that came too late", ("late/",)),
        Look("after a week", (Expect("lost", equals="acknowledged"),), precondition=True),
    ),
    after=(SendAgain(share=0.5), Settle(), ReplayAll(), Settle(), BackFill()),
    alarms=("wavetank-merges-dead",),
    workload=FEW,
    ages=True,
)

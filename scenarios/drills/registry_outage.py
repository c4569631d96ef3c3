"""The schema registry does not answer functions that start cold."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    EVERY_TYPE,
    Action,
    ColdStart,
    Drill,
    Fault,
    Point,
    Tag,
    When,
    look_when_merged,
)

REGISTRY = {"service": "s3", "resource": "wavetank-registry-*"}

LISTS = 24
"""Enough for every function that starts anew to be refused twice, which is as often as its SDK asks."""

DRILL = Drill(
    name="registry-outage",
    hypothesis="While the registry is down events wait on their streams; none is set aside for it.",
    tags=(Tag.BASICS, Tag.SCHEMAS, Tag.OUTAGE),
    workload=EVERY_TYPE,
    nemeses=(
        ColdStart(),
        Fault(
            "cannot-list",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {**REGISTRY, "operation": "ListObjects*"},
            when=When(count=LISTS),
        ),
        Fault(
            "cannot-read",
            Point.AWS_CALL,
            Action.ERROR_BEFORE,
            {**REGISTRY, "operation": "GetObject", "key": "schemas/*"},
            when=When(count=8),
        ),
    ),
    during=look_when_merged("when it answers again", ALL_LANDED),
)

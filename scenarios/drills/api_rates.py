"""Streams are split, merged and looked at in an account that may call each operation once a second."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Drill,
    Limit,
    LimitEnforced,
    Resharded,
    StreamsDescribed,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="api-rates",
    hypothesis="Who asks too often is refused alone: events flow on, and what is being changed is changed later.",
    tags=(Tag.STREAMS, Tag.LIMITS),
    nemeses=(
        LimitEnforced(Limit.KINESIS_CALLS, 1, "kinesis-calls"),
        LimitEnforced(Limit.CLOUDWATCH_CALLS, 1, "cloudwatch-calls"),
        Resharded(),
        StreamsDescribed(),
    ),
    during=look_when_merged("in spite of refused calls", ALL_LANDED),
    waits=True,
)

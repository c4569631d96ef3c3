"""A consumer stands still for two hours and catches up before the stream forgets."""

from wavetank.scenarios.spec import Advance, ConsumersStopped, Drill, Expect, Scope, Tag, look_when_merged

DRILL = Drill(
    name="consumer-behind",
    hypothesis="What a consumer did not read for two hours is still there, and lands.",
    tags=(Tag.STREAMS, Tag.OUTAGE),
    nemeses=(ConsumersStopped(),),
    during=(
        Advance(hours=2),
        *look_when_merged(
            "two hours behind",
            Expect("lost", Scope.VICTIM, equals="acknowledged"),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
            precondition=True,
        ),
    ),
    stalls=True,
)

"""A processor is deployed whose handler is not there, under traffic, and rolled back."""

from wavetank.scenarios.spec import BadDeploy, Drill, Expect, Look, Scheduled, Scope, Stall, Tag, Tick, Unfinished

DRILL = Drill(
    name="bad-deploy",
    hypothesis="While a function cannot run its events wait on their stream, and after the roll-back all of them land.",
    tags=(Tag.FUNCTIONS, Tag.OUTAGE),
    nemeses=(BadDeploy(),),
    during=(
        Stall(),
        Tick(Scheduled.PLANNER, but=Unfinished.of("wavetank-click-processor")),
        Look(
            "while it was deployed",
            (
                Expect("lost", Scope.VICTIM, equals="acknowledged", reasons=frozenset()),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
            precondition=True,
        ),
    ),
    stalls=True,
)

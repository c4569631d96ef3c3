"""Processors are done with a batch and say that they are not, until other reference data have long been in effect."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    PROCESSORS,
    Action,
    Advance,
    Drill,
    Fault,
    LetGo,
    Point,
    PortionsWithheld,
    ReferenceRenewed,
    SendPortion,
    Stall,
    Strike,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="reference-renewed-between-attempts",
    hypothesis="A record that is processed again hours later, when reference data are others, gives the same bytes.",
    tags=(Tag.REFERENCE, Tag.FUNCTIONS),
    nemeses=(
        Fault(
            "processor-denies",
            Point.LAMBDA_INVOKE,
            Action.ERROR_AFTER,
            {"function": "wavetank-*-processor"},
        ),
        PortionsWithheld(),
    ),
    during=(
        *(Stall(on=PROCESSORS), Strike(ReferenceRenewed()), Advance(hours=3), SendPortion(2)),
        *(Stall(on=PROCESSORS), LetGo("processor-denies")),
        *look_when_merged("done at last", ALL_LANDED),
    ),
    stalls=True,
    alarms=None,
    spoils=("same-as-control",),
)

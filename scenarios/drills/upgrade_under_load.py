"""This release is deployed over the one before, with data at rest and traffic on the streams."""

from wavetank.scenarios.spec import EVERY_SHAPE, Drill, Tag, Upgraded

DRILL = Drill(
    name="upgrade-under-load",
    hypothesis="A release is deployed over the one before under traffic: nothing is lost, doubled or stuck.",
    tags=(Tag.STREAMS, Tag.FUNCTIONS),
    workload=EVERY_SHAPE,
    nemeses=(Upgraded(),),
    # The release before says of no event as of when it was enriched.
    spoils=("same-as-control",),
)

"""Shards, memory, batches, buffer and more of an event type are changed by deployments while its events flow."""

from wavetank.scenarios.spec import ALL_LANDED, ComponentChanged, Drill, Tag, Workload, look_when_merged

DRILL = Drill(
    name="component-changed-under-load",
    hypothesis="Settings of a component change under traffic, and no event is lost, doubled or stuck.",
    tags=(Tag.STREAMS, Tag.FUNCTIONS, Tag.COMPONENTS),
    victim="impression",
    nemeses=(ComponentChanged(),),
    during=look_when_merged("while settings changed", ALL_LANDED),
    workload=Workload(events=800, portions=2, conversions=False),
    stalls=True,
)

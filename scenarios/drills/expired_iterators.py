"""The iterators of event sources and of Firehose expire, again and again."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="expired-iterators",
    hypothesis="A reader whose iterator has expired goes on from where it was.",
    tags=(Tag.STREAMS,),
    nemeses=(
        Fault("source-expired", "kinesis.get", Action.EXPIRED_ITERATOR, {"reader": "event-source"}, When(every=2)),
        Fault("delivery-expired", "kinesis.get", Action.EXPIRED_ITERATOR, {"reader": "firehose"}, When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("with new iterators", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
)

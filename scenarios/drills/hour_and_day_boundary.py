"""Events lie within a microsecond of full hours and of midnight, and corrections move some of them across."""

from datetime import timedelta

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRevises
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick
from wavetank.scenarios.workload.workload import Workload

DRILL = Drill(
    name="hour-and-day-boundary",
    hypothesis="The microsecond decides in which hour an event lands; moved into the next one, it stays one event.",
    tags=(Tag.SCHEDULE, Tag.DUPLICATES),
    nemeses=(
        ProducerRevises(share=0.5, later=timedelta(microseconds=1)),
        Fault("chunk-twice", "firehose.delivery", Action.DUPLICATE, when=When(every=2)),
    ),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("at the boundaries", (Expect("landed", equals="acknowledged", reasons=frozenset()),)),
    ),
    workload=Workload(events=120, hours=3, edges=True),
)

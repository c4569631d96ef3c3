"""Events on both sides of full hours and of midnight, some of them sent twice, some of their chunks announced late."""

from emulator.faults.model import Fault, When
from emulator.faults.points import Action
from scenarios.drill import Drill, Tag, Workload
from scenarios.schedules import ProducerRepeats

DRILL = Drill(
    name="hour-and-day-boundary",
    hypothesis="Events of one chunk land in the hours and on the dates that they are of, each once.",
    tags=(Tag.SCHEDULE,),
    troubles=(
        ProducerRepeats(share=0.2),
        Fault("never-told", "s3.notification", Action.DROP, {"key": "chunks/*"}, When(every=2)),
    ),
    workload=Workload(events=120, hours=4),
)

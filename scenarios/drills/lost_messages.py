"""SNS loses a share of the messages that announce chunks."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.steps import Expect, Look, Settle, Tick

DRILL = Drill(
    name="lost-messages",
    hypothesis="A chunk whose message SNS has lost lands after the next run of the replayer.",
    tags=(Tag.NOTIFICATIONS,),
    nemeses=(Fault("message-lost", "sns.delivery", Action.DROP, when=When(every=2)),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look("missing before the replayer ran", (Expect("lost", at_least=1),), premise=True),
    ),
)

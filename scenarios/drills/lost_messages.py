"""SNS loses a share of the messages that announce chunks."""

from wavetank.scenarios.spec import Action, Drill, Expect, Fault, Point, Tag, When, look_when_merged

DRILL = Drill(
    name="lost-messages",
    hypothesis="A chunk whose message SNS has lost lands after the next run of the replayer.",
    tags=(Tag.NOTIFICATIONS,),
    nemeses=(Fault("message-lost", Point.SNS_DELIVERY, Action.DROP, when=When(every=2)),),
    during=look_when_merged("missing before the replayer ran", Expect("lost", at_least=1), precondition=True),
)

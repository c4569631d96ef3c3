"""Every single invocation starts in a new process."""

from wavetank.scenarios.spec import ALL_LANDED, Action, Drill, Fault, Point, Tag, look_when_merged

DRILL = Drill(
    name="cold-start-storm",
    hypothesis="A function that starts anew each time does what a warm one does.",
    tags=(Tag.FUNCTIONS,),
    nemeses=(Fault("always-cold", Point.LAMBDA_INVOKE, Action.COLD_START),),
    during=look_when_merged("without a warm function", ALL_LANDED),
)

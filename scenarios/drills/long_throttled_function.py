"""Lambda refuses to run the processor of clicks for half an hour."""

from wavetank.scenarios.spec import MINUTE, PROCESSORS, Action, Advance, Drill, Fault, Point, Stall, Tag, Workload

DRILL = Drill(
    name="long-throttled-function",
    hypothesis="A function that Lambda keeps turning away is told of, and its batches wait on their stream.",
    tags=(Tag.FUNCTIONS, Tag.OUTAGE, Tag.ALARMS),
    workload=Workload(conversions=False, component="alarmed"),
    nemeses=(Fault("refused", Point.LAMBDA_INVOKE, Action.THROTTLE, {"function": "wavetank-click-processor"}),),
    during=(Stall(PROCESSORS), *(Advance(hours=5 * MINUTE), Stall(PROCESSORS)) * 5),
    stalls=True,
    alarms=("wavetank-click-processor-throttles",),
)

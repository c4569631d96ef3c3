"""The schedules are disabled for six hours, in which nobody sends anything."""

from wavetank.scenarios.spec import Action, Age, Drill, Expect, Fault, Look, Point, Tag, Workload

DRILL = Drill(
    name="schedules-off",
    hypothesis="Planner and replayer that nobody calls are told of, and make up for it within their look-back.",
    tags=(Tag.AGE, Tag.SCHEDULE, Tag.ALARMS),
    workload=Workload(events=60, component="resting"),
    nemeses=(Fault("schedules-off", Point.SCHEDULE_TICK, Action.DROP, {"rule": "wavetank-*"}),),
    during=(Age(hours=6), Look("with nobody to merge", (Expect("lost", equals="acknowledged"),), precondition=True)),
    gaps=True,
    alarms=("wavetank-planner-missed-tick", "wavetank-replayer-missed-tick"),
    ages=True,
)

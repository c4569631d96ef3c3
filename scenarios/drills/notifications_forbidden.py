"""The topic of chunks may not call the partitioner: its notifications fail, and SNS does not try them again."""

from wavetank.scenarios.spec import Drill, Expect, NotificationsForbidden, Tag, look_when_merged

DRILL = Drill(
    name="notifications-forbidden",
    hypothesis="Chunks that nobody could be told of land after the next run of the replayer, once it may tell again.",
    tags=(Tag.NOTIFICATIONS,),
    nemeses=(NotificationsForbidden(),),
    during=look_when_merged("while it might not call", Expect("lost", equals="acknowledged"), precondition=True),
    caught_by=("permissions",),
)

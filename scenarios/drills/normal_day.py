"""A day as it should be: events all day long, schedules, some events twice as producers do."""

from wavetank.scenarios.spec import Drill, ProducerRepeats, Tag, Workload

DRILL = Drill(
    name="normal-day",
    hypothesis="On a day of normal traffic every event lands within four hours, and no alarm rings.",
    tags=(Tag.AGE, Tag.ALARMS),
    workload=Workload(events=1_200, hours=24, portions=24, conversions=False, component="no-conversions"),
    nemeses=(ProducerRepeats(share=0.02),),
    ages=True,
)

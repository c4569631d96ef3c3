"""Own code of an event type uses the clock, and batches are processed twice: that has to be caught."""

from wavetank.scenarios.spec import Action, Drill, Fault, OwnCodeMistaken, Point, Tag, When, Workload, look_when_merged

DRILL = Drill(
    name="enrichment-not-deterministic",
    hypothesis="Own code that gives other events when a raw record is processed again is caught, by name.",
    tags=(Tag.RECORDS, Tag.DUPLICATES, Tag.OWN_CODE),
    workload=Workload(conversions=False, component="graded"),
    nemeses=(
        OwnCodeMistaken("graded-by-clock"),
        Fault(
            "processor-denies",
            Point.LAMBDA_INVOKE,
            Action.ERROR_AFTER,
            {"function": "wavetank-click-processor"},
            when=When(every=2),
        ),
    ),
    during=look_when_merged("while it was deployed"),
    caught_by=("deterministic",),
    spoils=("content", "idempotence", "same-as-control"),
    waits=True,
)

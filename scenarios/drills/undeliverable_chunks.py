"""Firehose gives chunks up and writes their records to its error prefix."""

from wavetank.scenarios.spec import Action, Drill, Expect, Fault, Point, Redeliver, Settle, Tag, When, look_when_merged

DRILL = Drill(
    name="undeliverable-chunks",
    hypothesis="Records that Firehose gave up are kept with their bytes, and put back on their stream they land.",
    tags=(Tag.STORAGE, Tag.QUARANTINE),
    nemeses=(Fault("given-up", Point.FIREHOSE_DELIVERY, Action.ERROR_OUTPUT, when=When(every=2)),),
    during=look_when_merged("before they were put back", Expect("lost", at_least=1), precondition=True),
    after=(Redeliver(), Settle()),
)

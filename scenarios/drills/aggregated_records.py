"""Events come packed by the Kinesis Producer Library, with a damaged one in each record."""

from wavetank.scenarios.spec import Aggregated, Drill, Expect, Scope, Tag, look_when_merged

DRILL = Drill(
    name="aggregated-records",
    hypothesis="A damaged record inside an aggregate costs itself alone: the events beside it land.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(Aggregated(size=10),),
    during=look_when_merged(
        "beside the damaged ones",
        Expect("landed", equals="acknowledged"),
        Expect("landed", Scope.VICTIM, reasons=frozenset({"bad-frame"})),
    ),
)

"""Parts hold records that the newest schema cannot read, beside sound ones; they went past everything before."""

from wavetank.scenarios.spec import Drill, Expect, RecordsUnmergeable, Scope, Tag, look_when_merged

DRILL = Drill(
    name="unmergeable-record",
    hypothesis="A record that cannot be merged costs itself alone: it is set aside, and its hour lands.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(RecordsUnmergeable(),),
    during=look_when_merged(
        "what was set aside",
        Expect("landed", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"undecodable"})),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    sets_aside=("undecodable",),
)

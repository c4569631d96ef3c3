"""Copies of events arrive without their last bytes, in batches and in chunks."""

from wavetank.scenarios.spec import CorruptCopies, Damage, Drill, Expect, Tag, look_when_merged

DRILL = Drill(
    name="truncated-record",
    hypothesis="A record without its end is set aside, and its neighbours land.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(CorruptCopies(share=0.1, damages=(Damage.TRUNCATED,)),),
    during=look_when_merged(
        "what was set aside", Expect("landed", equals="acknowledged", reasons=frozenset({"bad-frame"}))
    ),
)

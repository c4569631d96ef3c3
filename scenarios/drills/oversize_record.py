"""Copies of events are so large that they fit on no stream once they are enriched."""

from wavetank.scenarios.spec import CorruptCopies, Damage, Drill, Expect, Tag, look_when_merged

DRILL = Drill(
    name="oversize-record",
    hypothesis="An event that is too large when enriched is set aside with its bytes, and its neighbours land.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(CorruptCopies(share=0.1, damages=(Damage.OVERSIZE,)),),
    during=look_when_merged(
        "what was set aside", Expect("landed", equals="acknowledged", reasons=frozenset({"oversize"}))
    ),
)

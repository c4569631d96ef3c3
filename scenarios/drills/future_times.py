"""Copies of events come with times that lie half a minute beyond the future bound."""

from wavetank.scenarios.spec import CorruptCopies, Damage, Drill, Expect, Tag, look_when_merged

DRILL = Drill(
    name="future-times",
    hypothesis="An event that is more than an hour ahead of its arrival is set aside, and lands nowhere.",
    tags=(Tag.RECORDS, Tag.QUARANTINE),
    nemeses=(CorruptCopies(share=0.1, damages=(Damage.AHEAD,)),),
    during=look_when_merged(
        "what was set aside", Expect("landed", equals="acknowledged", reasons=frozenset({"future-time"}))
    ),
)

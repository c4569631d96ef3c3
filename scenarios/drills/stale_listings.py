"""New objects are missing from the listings that the concatenator works from."""

from wavetank.scenarios.spec import Action, Drill, Expect, Fault, Point, Tag, look_when_merged

DRILL = Drill(
    name="stale-listings",
    hypothesis="Parts that a listing does not show yet are merged by a later run, which starts from what is there.",
    tags=(Tag.STORAGE, Tag.SCHEDULE),
    nemeses=(
        Fault(
            "not-listed",
            Point.S3_READ,
            Action.STALE,
            {"operation": "ListObjects*", "key": "parts/*", "caller": "wavetank-concatenator"},
            parameters={"lag_s": 86400},
        ),
    ),
    during=look_when_merged("while they were not listed", Expect("lost", at_least=1), precondition=True),
)

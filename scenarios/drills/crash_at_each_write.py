"""Functions die at their writes in turn, between those that belong together; some records are damaged.

What a partitioner cannot take it never sets aside meanwhile: its chunks are left to the replayer. A merge is tried five
times, and many are in one batch: concatenators die three times.
"""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    Action,
    CorruptCopies,
    Damage,
    Drill,
    Expect,
    Fault,
    Point,
    Tag,
    When,
    look_when_merged,
)


def dies(name: str, how: Action, function: str, operation: str, about: str, *, nth: int | None = 1) -> Fault:
    """A function dies at the `nth` such call for an object below `about`; None for all of them."""
    match = {"operation": operation, "key": f"{about}/*", "caller": f"wavetank-{function}"}
    return Fault(name, Point.AWS_CALL, how, match, when=When() if nth is None else When(nth=frozenset({nth})))


DRILL = Drill(
    name="crash-at-each-write",
    hypothesis="Whichever of its writes a function dies at, all of them are there in the end.",
    tags=(Tag.FUNCTIONS, Tag.STORAGE, Tag.QUARANTINE),
    workload=EVERY_TYPE,
    victim="impression",
    nemeses=(
        CorruptCopies(share=0.1, damages=(Damage.ANY_BYTE,)),
        dies("unprocessed", Action.CRASH_BEFORE, "*-processor", "PutObject", "quarantine"),
        dies("processed", Action.CRASH_AFTER, "*-processor", "PutObject", "quarantine", nth=2),
        dies("half-partitioned", Action.CRASH_AFTER, "partitioner", "PutObject", "parts"),
        dies("untold", Action.CRASH_BEFORE, "partitioner", "PutObject", "quarantine", nth=None),
        dies("untagged", Action.CRASH_BEFORE, "partitioner", "PutObjectTagging", "chunks"),
        dies("tagged", Action.CRASH_AFTER, "partitioner", "PutObjectTagging", "chunks", nth=2),
        dies("half-merged", Action.CRASH_BEFORE, "concatenator", "PutObject", "avro"),
        dies("merged", Action.CRASH_AFTER, "concatenator", "PutObject", "avro", nth=2),
        dies("unlisted", Action.CRASH_BEFORE, "concatenator", "PutObject", "ids"),
    ),
    during=look_when_merged("when they were tried again", Expect("landed", equals="acknowledged")),
    alarms=None,
)

"""Everything whose path changes with size is small: pages, batches, chunks; and parts of calls are refused."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Action,
    Drill,
    Fault,
    Point,
    Scheduled,
    Settle,
    Tag,
    Tick,
    When,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="tight-limits",
    hypothesis="However little a page holds and a call takes, no event is passed over.",
    tags=(Tag.BASICS, Tag.STREAMS, Tag.STORAGE, Tag.SCHEDULE),
    nemeses=(
        Fault(
            "empty-pages",
            Point.S3_LISTING,
            Action.SHORT,
            {"caller": "wavetank-*"},
            When(every=3),
            parameters={"keys": 0},
        ),
        Fault("short-pages", Point.S3_LISTING, Action.SHORT, {"caller": "wavetank-*"}, parameters={"keys": 2}),
        Fault(
            "empty-reads",
            Point.KINESIS_GET,
            Action.SHORT,
            {"reader": "[ef]*"},
            When(every=2),
            parameters={"records": 0},
        ),
        Fault("refused-records", Point.KINESIS_PUT, Action.FAIL, {"stream": "wavetank-*-processed"}, When(every=7)),
        Fault("never-told", Point.S3_NOTIFICATION, Action.DROP, {"key": "chunks/*"}, When(every=3)),
        Fault("small-chunks", Point.FIREHOSE_BUFFER, Action.SPLIT, {"delivery_stream": "wavetank-*"}, When(every=20)),
        Fault(
            "refused-messages", Point.SQS_SEND, Action.FAIL, {"queue": "wavetank-merges"}, When(nth=frozenset({2, 9}))
        ),
    ),
    during=(
        Settle(),
        Tick(Scheduled.REPLAYER),
        *look_when_merged("within these limits", ALL_LANDED),
    ),
    workload=Workload(events=160, hours=2, tight=True),
)

"""Every hop delivers some of its work twice: producer, Kinesis to Lambda, Firehose to S3."""

from wavetank.scenarios.spec import EVERY_SHAPE, Action, Drill, Fault, Point, ProducerRepeats, Tag, When

DRILL = Drill(
    name="duplicates",
    hypothesis="However often the producer, a batch or a chunk comes again, each event is at rest once.",
    tags=(Tag.BASICS, Tag.DUPLICATES),
    workload=EVERY_SHAPE,
    nemeses=(
        ProducerRepeats(share=0.1),
        Fault("batch-again", Point.ESM_BATCH, Action.DUPLICATE, {"stream": "*-raw"}, when=When(every=2)),
        Fault("chunk-twice", Point.FIREHOSE_DELIVERY, Action.DUPLICATE, when=When(every=2)),
    ),
)

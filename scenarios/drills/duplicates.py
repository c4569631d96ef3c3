"""Every hop delivers some of its work twice: producer, Kinesis to Lambda, Firehose to S3."""

from wavetank.emulator.faults.model import Fault, When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import EVERY_TYPE, Drill, Tag
from wavetank.scenarios.spec.schedules import ProducerRepeats

DRILL = Drill(
    name="duplicates",
    hypothesis="However often the producer, a batch or a chunk comes again, each event is at rest once.",
    tags=(
        Tag.BASICS,
        Tag.DUPLICATES,
    ),
    workload=EVERY_TYPE,
    troubles=(
        ProducerRepeats(share=0.1),
        Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, When(every=2)),
        Fault("chunk-twice", "firehose.delivery", Action.DUPLICATE, when=When(every=2)),
    ),
)

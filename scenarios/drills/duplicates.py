"""Every hop delivers some of its work twice: producer, Kinesis to Lambda, Firehose to S3."""

from wavetank.emulator.faults.model import When
from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.fault import Fault
from wavetank.scenarios.spec.nemeses.producer import ProducerRepeats
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="duplicates",
    hypothesis="However often the producer, a batch or a chunk comes again, each event is at rest once.",
    tags=(
        Tag.BASICS,
        Tag.DUPLICATES,
    ),
    workload=EVERY_TYPE,
    nemeses=(
        ProducerRepeats(share=0.1),
        Fault("batch-again", "esm.batch", Action.DUPLICATE, {"stream": "*-raw"}, When(every=2)),
        Fault("chunk-twice", "firehose.delivery", Action.DUPLICATE, when=When(every=2)),
    ),
)

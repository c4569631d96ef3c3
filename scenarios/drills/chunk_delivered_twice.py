"""Firehose writes every chunk under two keys."""

from wavetank.emulator.faults.points import Action
from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.nemeses.fault import Fault

DRILL = Drill(
    name="chunk-delivered-twice",
    hypothesis="Chunks with the same events under two keys are merged to one copy of each.",
    tags=(Tag.DUPLICATES, Tag.STORAGE),
    nemeses=(Fault("chunk-twice", "firehose.delivery", Action.DUPLICATE),),
)

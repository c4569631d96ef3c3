"""Firehose writes every chunk under two keys."""

from wavetank.scenarios.spec import Action, Drill, Fault, Point, Tag

DRILL = Drill(
    name="chunk-delivered-twice",
    hypothesis="Chunks with the same events under two keys are merged to one copy of each.",
    tags=(Tag.DUPLICATES, Tag.STORAGE),
    nemeses=(Fault("chunk-twice", Point.FIREHOSE_DELIVERY, Action.DUPLICATE),),
)

"""Parts are damaged where they lie before they are merged, set aside, and made anew from their chunks."""

from wavetank.scenarios.spec import Drill, Expect, PartsDamaged, Redrive, Scope, Tag, look_when_merged

DRILL = Drill(
    name="damaged-part",
    hypothesis="A damaged part waits in quarantine, the rest of its hour lands, and its chunk gives it anew.",
    tags=(Tag.STORAGE, Tag.QUARANTINE),
    nemeses=(PartsDamaged(),),
    during=look_when_merged(
        "while parts were damaged",
        Expect("quarantined", Scope.VICTIM, at_least=1, reasons=frozenset({"damaged-part"})),
        Expect("landed", Scope.VICTIM, at_least=1),
        Expect("lost", at_most=0),
        Expect("corrupted", at_most=0),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    after=(Redrive(),),
    sets_aside=("damaged-part",),
)

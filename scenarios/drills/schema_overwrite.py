"""A published schema version is overwritten with another schema, noticed, restored, and its events re-driven."""

from wavetank.scenarios.spec.drill import Drill, Tag
from wavetank.scenarios.spec.hours import Scheduled
from wavetank.scenarios.spec.nemeses.schemas import SchemaOverwritten
from wavetank.scenarios.spec.steps import Expect, Look, Redrive, Scope, Settle, Tick
from wavetank.scenarios.workload.workload import EVERY_TYPE

DRILL = Drill(
    name="schema-overwrite",
    hypothesis="Events whose schema is gone wait in quarantine, the rest flow, and a re-drive lands them.",
    tags=(
        Tag.BASICS,
        Tag.SCHEMAS,
        Tag.QUARANTINE,
    ),
    workload=EVERY_TYPE,
    nemeses=(SchemaOverwritten(),),
    witness=(
        Settle(),
        Tick(Scheduled.PLANNER),
        Look(
            "while the schema was overwritten",
            (
                Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"unknown-schema"})),
                Expect("landed", Scope.OTHERS, equals="acknowledged"),
            ),
        ),
    ),
    recovery=(Redrive(),),
    sets_aside=("unknown-schema",),
)

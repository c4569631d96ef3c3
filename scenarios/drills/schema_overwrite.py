"""A published schema version is overwritten with another schema, noticed, restored, and its events re-driven."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    CountVersions,
    Drill,
    Expect,
    Redrive,
    SchemaOverwritten,
    Scope,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="schema-overwrite",
    hypothesis="Events whose schema is gone wait in quarantine, the rest flow, and a re-drive lands them.",
    tags=(Tag.BASICS, Tag.SCHEMAS, Tag.QUARANTINE),
    workload=EVERY_TYPE,
    nemeses=(SchemaOverwritten(),),
    during=(
        *look_when_merged(
            "while the schema was overwritten",
            Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"unknown-schema"})),
            Expect("landed", Scope.OTHERS, equals="acknowledged"),
        ),
        CountVersions("what it was before is kept"),
    ),
    after=(Redrive(),),
    sets_aside=("unknown-schema",),
)

"""A producer writes with a schema that is not published yet; it is published, and its events re-driven."""

from wavetank.scenarios.spec import (
    EVERY_TYPE,
    Drill,
    Expect,
    ProducerAhead,
    PublishAhead,
    Redrive,
    Scope,
    Tag,
    look_when_merged,
)

DRILL = Drill(
    name="unknown-schema",
    hypothesis="Events of a schema nobody has published wait in quarantine until it is, and a re-drive lands them.",
    tags=(Tag.BASICS, Tag.SCHEMAS, Tag.QUARANTINE),
    workload=EVERY_TYPE,
    nemeses=(ProducerAhead(published=False),),
    during=look_when_merged(
        "before the schema was published",
        Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"unknown-schema"})),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    after=(PublishAhead(), Redrive()),
    sets_aside=("unknown-schema",),
)

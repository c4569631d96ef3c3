"""A processed version that nothing at rest can have is published past all checks, and parts are written in it."""

from wavetank.scenarios.spec import Drill, Expect, SchemaUnmergeable, Scope, Tag, look_when_merged

DRILL = Drill(
    name="unmergeable-schema",
    hypothesis="A version that cannot be at rest is never the newest one: what is in it is set aside, the rest lands.",
    tags=(Tag.SCHEMAS, Tag.QUARANTINE),
    nemeses=(SchemaUnmergeable(),),
    during=look_when_merged(
        "while it was published",
        Expect("landed", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"does-not-fit"})),
        Expect("landed", Scope.OTHERS, equals="acknowledged"),
    ),
    sets_aside=("does-not-fit",),
)

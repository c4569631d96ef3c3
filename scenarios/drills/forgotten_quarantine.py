"""Events of a schema that nobody has published are in quarantine for three months, and re-driven then."""

from wavetank.scenarios.spec import (
    Action,
    Age,
    BackFill,
    CountObjects,
    Drill,
    Expect,
    Fault,
    Look,
    Point,
    ProducerAhead,
    PublishAhead,
    Redrive,
    Scope,
    Settle,
    Tag,
    Workload,
)

DAYS = 91

DRILL = Drill(
    name="forgotten-quarantine",
    hypothesis="Quarantine keeps what was not re-driven, however long that takes, and lets it go three months after.",
    tags=(Tag.AGE, Tag.QUARANTINE, Tag.SCHEMAS),
    nemeses=(
        ProducerAhead(published=False),
        Fault("never-ticked", Point.SCHEDULE_TICK, Action.DROP, {"rule": "wavetank-*"}),
    ),
    during=(
        Age(hours=24 * DAYS, step_hours=24 * DAYS),
        Look(
            "three months later",
            (Expect("quarantined", Scope.VICTIM, equals="acknowledged", reasons=frozenset({"unknown-schema"})),),
        ),
        PublishAhead(),
        Redrive(),
        Settle(),
        BackFill(),
        CountObjects("what was re-driven", ("quarantine/",), at_least=1, at_most=None, precondition=True),
        Age(hours=24 * DAYS, step_hours=24 * DAYS),
        CountObjects("what was re-driven three months before", ("quarantine/",)),
    ),
    sets_aside=("unknown-schema",),
    workload=Workload(events=60, conversions=False),
    ages=True,
)

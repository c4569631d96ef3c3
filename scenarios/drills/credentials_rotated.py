"""The password of the dumper's account is rotated, in the database first."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    Drill,
    Dump,
    DumpResult,
    PasswordRotated,
    PortionsWithheld,
    SendPortion,
    Strike,
    Tag,
    Workload,
    look_when_merged,
)

DRILL = Drill(
    name="credentials-rotated",
    hypothesis="A rotation is followed by the next run of the dumper, and while it is half done events go on.",
    tags=(Tag.REFERENCE,),
    workload=Workload(events=120, conversions=False, component="campaigns-in-database"),
    nemeses=(PortionsWithheld(sent=1), PasswordRotated()),
    during=(
        Dump("with the new password", DumpResult.UNCHANGED),
        Strike(PasswordRotated(told=False, id="half-rotated")),
        Dump("with a password that is none any more", DumpResult.FAILED, says="cannot connect"),
        SendPortion(2),
        *look_when_merged("while it is half done", ALL_LANDED),
    ),
    after=(Dump("when it is done", DumpResult.UNCHANGED),),
)

"""Money is moved from one reference to another while the dumper is between the two."""

from wavetank.scenarios.spec import (
    ALL_LANDED,
    DatabaseChanged,
    Drill,
    Dump,
    DumpResult,
    Strike,
    SumReferences,
    TableLocked,
    Tag,
    Unlock,
    Workload,
    look_when_merged,
)

MONEY = 102_000
"""What the accounts and the wallets of the component have together, in cents."""
BOTH = ("accounts", "wallets")


TRANSFER = (
    "UPDATE accounts SET cents = cents - 2500 WHERE account = 'house'",
    "UPDATE wallets SET cents = cents + 2500 WHERE wallet = 'mobile'",
)
BACK = (
    "UPDATE accounts SET cents = cents + 2500 WHERE account = 'house'",
    "UPDATE wallets SET cents = cents - 2500 WHERE wallet = 'mobile'",
)


DRILL = Drill(
    name="half-of-a-transaction",
    hypothesis="References of one database are of one moment: a transfer between them is seen whole or not at all.",
    tags=(Tag.REFERENCE,),
    workload=Workload(events=120, conversions=False, component="transfers"),
    nemeses=(TableLocked("campaigns"),),
    during=(
        Dump(
            "that waits between the two",
            DumpResult.UNCHANGED,
            meanwhile=(Strike(DatabaseChanged(TRANSFER, BACK, id="transfer")), Unlock()),
        ),
        SumReferences("money before the transfer", "cents", BOTH, MONEY),
        Dump("after the transfer", DumpResult.PUBLISHED),
        SumReferences("money after the transfer", "cents", BOTH, MONEY),
        *look_when_merged("events beside it", ALL_LANDED),
    ),
    waits=True,
)

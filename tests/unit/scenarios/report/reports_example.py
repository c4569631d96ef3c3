"""Two reports to render: one drill that lost an event, one that passed."""

from dataclasses import replace
from pathlib import Path

from wavetank.scenarios.oracle.evidence import Finding, Judgement, Verdict
from wavetank.scenarios.oracle.history import Mark
from wavetank.scenarios.oracle.hops import Gap, Hop, Passage
from wavetank.scenarios.oracle.ledger import Entry, Ledger
from wavetank.scenarios.oracle.timeline import Arrival, Strike, Timeline
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.workload.workload import Workload

TIMELINE = Timeline(
    3.2,
    (Mark(0.0, "clean"), Mark(0.1, "inject", "drop"), Mark(1.8, "heal"), Mark(3.1, "read")),
    tuple(Arrival(0.4 + 0.4 * number, hop, "click", 4) for number, hop in enumerate(Hop)),
    (Strike(0.6, "drop"), Strike(0.7, "drop")),
)
ARRIVED = dict.fromkeys(Hop, 4)
LOSSY = Report(
    "lossy",
    7,
    Workload(events=4),
    4.56,
    {"drop": 2},
    Judgement(
        (
            Finding("conservation", Verdict.FAIL, "1 click lost, such as <c1> & co | more"),
            Finding("uniqueness", Verdict.PASS, "none duplicated"),
        ),
        {"click": Entry(Ledger(attempted=4, acknowledged=4, landed=3, lost=1), {"lost": ("c1",)})},
        {"click": Passage(4, ARRIVED | {Hop.MERGED: 3, Hop.PARQUET: 3}, (Gap(Hop.PARTS, Hop.MERGED, ("c1",)),))},
    ),
    Path("runs/lossy"),
    {},
    "Nothing is lost <whatever> happens.",
    TIMELINE,
)
WHOLE = replace(
    LOSSY,
    name="whole",
    judgement=Judgement(
        (Finding("conservation", Verdict.PASS, "none lost"),),
        {"click": Entry(Ledger(attempted=4, acknowledged=4, landed=4), {})},
        {"click": Passage(4, ARRIVED)},
    ),
)
UNSURE = replace(LOSSY, name="unsure", timeline=None, judgement=Judgement((), {}))

"""The report of a run: its values, their JSON document, and the exit code over several runs."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.oracle.evidence import Finding, Judgement, Verdict
from wavetank.scenarios.oracle.ledger import Ledger, total
from wavetank.scenarios.oracle.timeline import Timeline
from wavetank.scenarios.workload.workload import Workload

EVERY_EVENT = 1_000_000_000
"""As many events of a file as this are all of them."""
WRONG = ("lost", "duplicated", "corrupted", "misplaced", "unexpected", "quarantined", "late")
"""The counts of a ledger that are none where every event has landed once, as it was sent."""
STACK = "stack"
"""The name under which the start of a stack is told, beside those of drills."""
EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3}


@dataclass(frozen=True)
class Report:
    """The report of one run of one drill.

    duration_s: wall clock, in seconds. fired: how often each nemesis struck, by its id. folder: where the
    history and this report are kept. unused: lines of the workload's file that are no event, by reason. timeline:
    when what happened; None where nothing is known of it.
    """

    name: str
    seed: int
    workload: Workload
    duration_s: float
    fired: Mapping[str, int]
    judgement: Judgement
    folder: Path
    unused: Mapping[str, int] = field(default_factory=dict)
    hypothesis: str = ""
    timeline: Timeline | None = None

    @property
    def command(self) -> str:
        """The command line that runs the same again."""
        # With the drill that it is the control of, a control is run again as it was.
        workload, name, drills = self.workload, self.name.removeprefix(f"{CONTROL} of "), catalogue()
        words = ["wavetank", "drill", name, "--seed", str(self.seed)]
        if workload.source is not None and workload.mapping is not None:
            words += ["--input", str(workload.source), "--mapping", str(workload.mapping)]
        usual = drills[name].workload if name in drills else Workload()
        if workload.events != (usual.events if workload.source is None else EVERY_EVENT):
            words += ["--events", str(workload.events)]
        return shlex.join(words)

    @property
    def verdict(self) -> Verdict:
        """The verdict on the run."""
        return self.judgement.verdict

    @property
    def totals(self) -> Ledger:
        """The ledger of all event types together."""
        return total(self.judgement.ledger)

    @property
    def wrong(self) -> str:
        """The checkers that did not pass, and the counts of events that should be none; empty where nothing is wrong.

        Events are counted, not copies of them.
        """
        counts = dict.fromkeys(WRONG, 0)
        for entry in self.judgement.ledger.values():
            for name in WRONG:
                counts[name] += len(set(entry.ids.get(name, ())))
        numbers = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        checkers = ", ".join(dict.fromkeys(finding.checker for finding in self.not_passed))
        return "; ".join(filter(None, (checkers, numbers)))

    @property
    def not_passed(self) -> list[Finding]:
        """The findings that did not pass, in the order of the checkers."""
        return [finding for finding in self.judgement.findings if finding.verdict is not Verdict.PASS]

    def document(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "name": self.name,
            "hypothesis": self.hypothesis,
            "verdict": str(self.verdict),
            "seed": self.seed,
            "duration_s": round(self.duration_s, 3),
            "fired": sum(self.fired.values()),
            "faults": dict(self.fired),
            "ledger": {event_type: entry.ledger.counts() for event_type, entry in self.judgement.ledger.items()},
            "ledger_by_hop": {name: passage.document() for name, passage in self.judgement.passages.items()},
            "findings": [
                {"checker": finding.checker, "verdict": str(finding.verdict), "detail": finding.detail}
                for finding in self.judgement.findings
            ],
            "workload": {
                "events": self.workload.events,
                "hours": self.workload.hours,
                "portions": self.workload.portions,
                "edges": self.workload.edges,
                "tight": self.workload.tight,
                "hot_key": self.workload.hot_key,
                "conversions": self.workload.conversions,
                "shapes": list(self.workload.shapes),
                "schemas": self.workload.schemas,
                "source": str(self.workload.source) if self.workload.source else None,
                "unused_lines": sum(self.unused.values()),
                "unused_by_reason": dict(self.unused),
            },
            "timeline": self.timeline.document() if self.timeline is not None else None,
            "command": self.command,
            "folder": str(self.folder),
        }


def document(reports: Iterable[Report]) -> dict[str, Any]:
    """The reports of one command as plain data: `{"drills": […]}`."""
    return {"drills": [report.document() for report in reports]}


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """0 when all passed, 1 when any failed, else 3 when any was inconclusive; 3 when there is none."""
    kinds = set(verdicts)
    if Verdict.FAIL in kinds:
        return EXIT_CODES[Verdict.FAIL]
    return EXIT_CODES[Verdict.PASS if kinds == {Verdict.PASS} else Verdict.INCONCLUSIVE]

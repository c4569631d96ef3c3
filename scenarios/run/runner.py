"""Runs a drill on a site: up → run → heal → settle → tick → read → check → save.

Every drill is compared with its control, the same workload without nemeses, which is a run like any other.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.stages import Conclusion, Run
from wavetank.scenarios.run.tracing import Tracer
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.workload.source import Drawn, events_of
from wavetank.scenarios.workload.workload import Workload

Progress = Callable[[str, str], None]
"""Is told the name of the drill that runs and what it does now."""

Digests = Mapping[str, str]


@dataclass
class Runner:
    """Runs drills on one site, one after another; histories and verdicts are kept below `folder`."""

    site: Site
    folder: Path
    progress: Progress = lambda _drill, _what: None

    def run(self, drill: Drill, seed: int, control: Digests | None) -> tuple[Report, Digests | None]:
        """Run one drill: the report, and the digests at rest; None of a run that did not come to its end.

        Raises MappingError, OSError or UnusableSourceError where a workload cannot be had.
        """
        started = time.monotonic()
        drawn = self._events(drill.workload, seed)
        tracer = Tracer(self.site)
        run = Run(self.site, drill, seed, drawn.events, self._narrator(drill, tracer))
        conclusion, ended = _attempt(run, control, tracer)
        folder = _new_folder(self.folder, f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{drill.name}")
        duration_s = time.monotonic() - started
        report = Report(
            drill.name,
            seed,
            drill.workload,
            duration_s,
            conclusion.fired,
            conclusion.judgement,
            folder,
            drawn.unused,
            drill.hypothesis,
            tracer.timeline,
        )
        save(run, report)
        return report, run.at_rest.digests if ended and run.at_rest is not None else None

    def _events(self, workload: Workload, seed: int) -> Drawn:
        fields = {event_type: route.schema.fields for event_type, route in self.site.routes.items()}
        return events_of(workload, seed, fields)

    def _narrator(self, drill: Drill, tracer: Tracer) -> Callable[[str], None]:
        def narrate(what: str) -> None:
            tracer.note()
            self.progress(drill.name, what)

        return narrate


def _new_folder(parent: Path, name: str) -> Path:
    """A folder that was not there, of this name or one that begins so: several runs may end within a second."""
    for number in count(1):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            break
    return folder


def control_of(drill: Drill) -> Drill:
    """The run without nemeses that a drill is compared with."""
    return replace(catalogue()[CONTROL], workload=drill.workload)


def _attempt(run: Run, control: Digests | None, tracer: Tracer) -> tuple[Conclusion, bool]:
    """What a run has shown, and whether it came to its end."""
    try:
        _stages(run, tracer)
        return run.conclude(control), True
    except Exception as error:
        if tracer.timeline is None:
            tracer.trace(run)
        return run.conclude_early(error, control), False
    except BaseException:
        run.heal_quietly()
        raise


def _stages(run: Run, tracer: Tracer) -> None:
    """What happens in a run, in this order."""
    run.up()
    run.inject()
    run.during()
    run.heal()
    run.after()
    run.settle()
    run.tick()
    run.read()
    tracer.trace(run)
    run.repeat()


def save(run: Run, report: Report) -> None:
    """Keep the history, one line an operation, and the report in the report's folder."""
    with (report.folder / "history.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in run.history.lines())
    text = json.dumps(report.document(), indent=2)
    (report.folder / "report.json").write_text(text + "\n", encoding="utf-8")

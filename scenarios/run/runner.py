"""Runs a drill on a site: puts the stages of a run in order, and saves its history and its report.

Every drill is compared with its control, the same workload without nemeses, which is a run like any other.
"""

import json
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.run.ageing import ageing, full_hour
from wavetank.scenarios.run.event_types import bounds_of
from wavetank.scenarios.run.report import Report
from wavetank.scenarios.run.stages import Conclusion, Digests, Run
from wavetank.scenarios.run.tracing import Tracer
from wavetank.scenarios.site.own_code import equipped
from wavetank.scenarios.site.settings import tightened
from wavetank.scenarios.site.site import Site
from wavetank.scenarios.spec.drill import Drill
from wavetank.scenarios.workload.generated.events import UNBOUNDED
from wavetank.scenarios.workload.source import draw

MINUTE_S = 60

Progress = Callable[[str, str], None]
"""Is told the name of the drill that runs and what it does now."""

MINUTE_S = 60


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
        with equipped(self.site, drill.workload.component) as site:
            return replace(self, site=site)._held(drill, seed, control)

    def _held(self, drill: Drill, seed: int, control: Digests | None) -> tuple[Report, Digests | None]:
        """As `run`, on a site that has the component of the workload."""
        started = time.monotonic()
        with suppress(Exception):
            # What a run before sent to CloudWatch is of another minute than what this one sends. A stack that does not
            # answer is found out by the run.
            self.site.stack.control.advance_clock(MINUTE_S - self.site.now().timestamp() % MINUTE_S)
        schemas = {event_type: route.schema.definition for event_type, route in self.site.routes.items()}
        start = full_hour(self.site.now()) if drill.ages else None
        bounds = bounds_of(self.site.topology) if drill.workload.schemas else UNBOUNDED
        workload = draw(drill.workload, seed, schemas, start, bounds)
        tracer = Tracer(self.site)

        def narrate(activity: str) -> None:
            tracer.note()
            self.progress(drill.name, activity)

        run = Run(self.site, drill, seed, events=workload.events, narrate=narrate)
        ageing_if_wanted = ageing(self.site) if drill.ages else nullcontext()
        with tightened(self.site, tight=drill.workload.tight), ageing_if_wanted:
            conclusion = _attempt(run, control, tracer)
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{drill.name}"
        for number in count(1):
            # Several runs may end within a second.
            folder = self.folder / (name if number == 1 else f"{name}-{number}")
            with suppress(FileExistsError):
                folder.mkdir(parents=True)
                break
        report = Report(
            name=drill.name,
            seed=seed,
            workload=drill.workload,
            duration_s=time.monotonic() - started,
            fired=conclusion.fired,
            judgement=conclusion.judgement,
            folder=folder,
            unused=workload.unused,
            hypothesis=drill.hypothesis,
            timeline=tracer.timeline,
        )
        save(run, report)
        return report, conclusion.digests


def control_of(drill: Drill) -> Drill:
    """The run without nemeses that a drill is compared with, named after it where its workload is one of its own."""
    control = catalogue()[CONTROL]
    shape = replace(drill.workload, events=control.workload.events)
    is_usual = drill.is_control or shape == control.workload or drill.workload.source is not None
    name = CONTROL if is_usual else f"{CONTROL} of {drill.name}"
    return replace(control, name=name, workload=drill.workload)


def _attempt(run: Run, control: Digests | None, tracer: Tracer) -> Conclusion:
    """The conclusion of a run after all of its stages, or after those that there were until it broke off."""
    try:
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
        return run.check(control)
    except Exception as error:
        if tracer.timeline is None:
            tracer.trace(run)
        return run.conclude_early(error, control)
    except BaseException:
        run.heal_quietly()
        raise


def save(run: Run, report: Report) -> None:
    """Keep the history, one line an operation, and the report in the report's folder."""
    with (report.folder / "history.jsonl").open("w", encoding="utf-8") as out:
        out.writelines(f"{line}\n" for line in run.steps.history.lines())
    text = json.dumps(report.document(), indent=2)
    (report.folder / "report.json").write_text(text + "\n", encoding="utf-8")

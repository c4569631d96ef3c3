"""`wavetank mutation`: changes to the pipeline that nobody chose, and who notices them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.options import Jobs, file_option, seed_option
from wavetank.scenarios.exploration.mutation.causes import Cause
from wavetank.scenarios.exploration.mutation.outcome import Fate, Outcome, Stage, is_enough

if TYPE_CHECKING:
    from wavetank.scenarios.exploration.mutation.change import Change
    from wavetank.scenarios.report.terminal import RunDisplay

FAILED = 1
INCONCLUSIVE = 3

Samples = Annotated[int, typer.Option("--samples", min=1, help="How many changes to draw.")]
OfCause = Annotated[Cause | None, typer.Option("--cause", help="Only changes of this cause.", show_default=False)]
Stages = Annotated[
    list[Stage] | None, typer.Option("--stage", help="Try by this alone, or by these; all without.", show_default=False)
]
Listed = Annotated[bool, typer.Option("--list", help="Show the changes, and try none.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank mutation --samples 200 --seed 7 --cause volume --json mutation.json")(
        mutation
    )


def mutation(
    samples: Samples = 50,
    seed: Annotated[int, seed_option("The same seed draws the same changes.")] = 1,
    cause: OfCause = None,
    stages: Stages = None,
    listed: Listed = False,
    jobs: Jobs = None,
    json_file: Annotated[Path | None, file_option("--json", "Write every change to this file.")] = None,
) -> None:
    """Change the pipeline as a mistake would, by chance, and tell who notices: unit tests, the basics, other drills.

    Each change is made in a copy. Exit code 0 where at least 95 % are killed and there is a reason for each other one
    in `scenarios/mutation/equivalents.toml`, 1 where not, 3 where drills came to no verdict on what nobody noticed.
    """
    try:
        import libcst  # noqa: F401 - a package of the extra `dev`
    except ImportError as error:
        raise typer.BadParameter("changes are made with packages of the extra `dev`: run `make setup`") from error
    from wavetank.scenarios.exploration.mutation import table
    from wavetank.scenarios.exploration.mutation.population import Population
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import RunDisplay

    changes = dict(enumerate(Population.of(cause).sample(samples, seed), start=1))
    out, done = console(), dict[int, Outcome]()
    if listed:
        for number, change in changes.items():
            out.print(f"{number:>4} {change.name}", markup=False, soft_wrap=True)
        return
    try:
        with RunDisplay(out) as display:
            for number, outcome in _outcomes(changes, stages or list(Stage), seed=seed, jobs=jobs, display=display):
                done[number] = outcome
                out.print(table.line(number, outcome), markup=False, soft_wrap=True)
    finally:
        # What was tried until Ctrl-C is worth showing.
        in_order = [outcome for _, outcome in sorted(done.items())]
        out.print(table.kills(in_order))
        if json_file is not None:
            write_json(json_file, table.document(in_order, seed=seed, samples=samples, cause=cause))
    if is_enough(in_order):
        return
    fates = {outcome.fate for outcome in in_order}
    raise typer.Exit(INCONCLUSIVE if Fate.INCONCLUSIVE in fates and Fate.SURVIVED not in fates else FAILED)


def _outcomes(
    changes: "dict[int, Change]", stages: list[Stage], *, seed: int, jobs: int | None, display: "RunDisplay"
) -> Iterator[tuple[int, Outcome]]:
    """What becomes of each change, as it is known: first what unit tests kill, then what is judged, then the rest."""
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.exploration.mutants.hunt import Hunt
    from wavetank.scenarios.exploration.mutation import campaign
    from wavetank.scenarios.exploration.mutation.judgements import Judgements
    from wavetank.scenarios.run.parallel import default_jobs, own_stacks
    from wavetank.scenarios.run.runner import Runner

    left = dict(changes)

    def taken(outcomes: Iterable[tuple[int, Outcome]]) -> Iterator[tuple[int, Outcome]]:
        for number, outcome in outcomes:
            del left[number]
            yield number, outcome

    if Stage.UNITS in stages:
        copies = min(jobs or os.process_cpu_count() or 1, len(left))
        lines = [display.line("unit tests", number) for number in range(1, copies + 1)]
        yield from taken(campaign.by_unit_tests(dict(left), lines))
    yield from taken(campaign.judged(dict(left), Judgements.load()))
    if left and {Stage.BASICS, Stage.CATALOGUE}.isdisjoint(stages):
        yield from ((number, Outcome(change, Fate.SURVIVED)) for number, change in left.items())
    elif left:
        folder, quick = Home.from_environment().path / "runs", Stage.CATALOGUE not in stages
        with own_stacks(jobs or default_jobs(len(left)), display.now, eager=True) as sites:
            hunts = [
                Hunt(Runner(site, folder), seed, display.line("mutation", number), quick=quick, blind=True)
                for number, site in enumerate(sites, start=1)
            ]
            yield from campaign.by_drills(left, hunts)

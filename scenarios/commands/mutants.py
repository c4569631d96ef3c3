"""`wavetank mutants`: break the pipeline on purpose, and see that some drill notices."""

from pathlib import Path
from typing import Annotated

import typer

from wavetank.scenarios.commands.jobs import Jobs

Names = Annotated[list[str] | None, typer.Argument(help="Only these; all without.", metavar="NAME")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the workloads and of the faults.")]
JsonFile = Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Write every mutant to this file.")]
Quick = Annotated[bool, typer.Option("--quick", help="Hold only the drills that a mutant names, not all others.")]
FAILED = 1


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank mutants no-dedupe --json mutants.json")(mutants)


def mutants(
    names: Names = None, seed: Seed = 1, quick: Quick = False, jobs: Jobs = None, json_file: JsonFile = None
) -> None:
    """Hunt known-bad changes to the pipeline with drills, on private stacks. Exit code 1 if one is not caught."""
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.exploration.mutants.hunt import Hunt, MutantResult, unsound
    from wavetank.scenarios.exploration.mutants.mutant import UnusableMutantError, named
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import Board
    from wavetank.scenarios.run.parallel import default_jobs, own_stacks, shared
    from wavetank.scenarios.run.runner import Runner

    try:
        wanted = named(names or [])
    except UnusableMutantError as error:
        raise typer.BadParameter(str(error)) from error
    out, done = console(), dict[int, MutantResult]()
    with Board(out) as board, own_stacks(jobs or default_jobs(len(wanted)), board.now, eager=True) as sites:
        folder = Home.from_environment().path / "runs"
        hunts = [
            Hunt(Runner(site, folder), seed, board.line("mutants", number), quick)
            for number, site in enumerate(sites, start=1)
        ]
        for number, caught in shared(hunts, wanted, Hunt.run):
            done[number] = caught
            if json_file is not None:
                known = [each.document() for _, each in sorted(done.items())]
                write_json(json_file, {"mutants": known, "unsound": unsound(hunts)})
            said = f"caught by {caught.drill:<24}" if caught.drill else f"NOT CAUGHT {'':<23}"
            out.print(f"{caught.mutant.name:<32} {said} {caught.detail}", markup=False, soft_wrap=True)
        for name in unsound(hunts):
            out.print(f"{name} fails without a mutant, and was not asked", markup=False)
    at_large = sum(not caught.drill for caught in done.values())
    out.print(f"{len(done) - at_large} of {len(done)} mutants caught")
    raise typer.Exit(FAILED if at_large else 0)

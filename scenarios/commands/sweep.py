"""`wavetank sweep`: let every AWS call of every function go wrong, and see that the pipeline gets over it."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.scenarios.commands.jobs import Jobs

if TYPE_CHECKING:
    from wavetank.scenarios.exploration.sweep.cells import Cell
    from wavetank.scenarios.exploration.sweep.paths import SweepPath
    from wavetank.scenarios.exploration.sweep.sweep import Sweep

Function = Annotated[str | None, typer.Argument(help="Only this function's calls; all without.", metavar="FUNCTION")]
EventType = Annotated[str, typer.Option("--event", help="The event type that flows.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the events.")]
JsonFile = Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Write every cell to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank sweep partitioner --json sweep.json")(sweep)


def sweep(
    function: Function = None,
    event_type: EventType = "click",
    seed: Seed = 1,
    jobs: Jobs = None,
    json_file: JsonFile = None,
) -> None:
    """Let each AWS call of each function fail, crash and outlast its function, one run each, on private stacks.

    Exit code 0 all pass, 1 any fail, 3 inconclusive.
    """
    from wavetank.emulator.deploy.deploy import plan
    from wavetank.scenarios.exploration.sweep import table
    from wavetank.scenarios.exploration.sweep.paths import target_of
    from wavetank.scenarios.exploration.sweep.sweep import Result, Sweep
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import Board
    from wavetank.scenarios.run.parallel import MOST_STACKS, default_jobs, own_stacks, shared
    from wavetank.scenarios.run.report import exit_code

    known = [event.name for event in plan().events]
    if event_type not in known:
        raise typer.BadParameter(f"there is no event type {event_type!r}; there are: {', '.join(known)}")
    began, out, results = time.monotonic(), console(), dict[int, Result]()
    try:
        with Board(out) as board, own_stacks(jobs or default_jobs(MOST_STACKS), board.now, eager=True) as sites:
            targets = [target_of(site, event_type, seed) for site in sites]
            first = Sweep(targets[0], board.line("sweep", 1))
            planned = _planned(first, function)
            others = [
                first.at(target, board.line("sweep", number)) for number, target in enumerate(targets[1:], start=2)
            ]
            for number, result in shared([first, *others], planned, lambda run, each: run.run(*each)):
                results[number] = result
                for line in table.wrong([result]):
                    out.print(line, markup=False, soft_wrap=True)
    finally:
        # What was swept until Ctrl-C is worth showing.
        took_s = time.monotonic() - began
        in_order = [result for _, result in sorted(results.items())]
        if in_order:
            out.print(table.matrix(in_order))
            out.print(f"{len(in_order)} cells in {took_s:.0f} s")
        if json_file is not None:
            write_json(json_file, table.document(in_order, took_s))
    raise typer.Exit(exit_code(result.verdict for result in in_order))


def _planned(run: "Sweep", function: str | None) -> "list[tuple[SweepPath, Cell]]":
    from wavetank.scenarios.exploration.sweep.sweep import NothingToSweepError

    try:
        return run.plan(function)
    except NothingToSweepError as error:
        raise typer.BadParameter(str(error)) from error

"""`wavetank sweep | races | storm | mutants`: look for faults nobody thought of, and for bugs that no drill notices."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.options import Jobs, Schemas, file_option, seed_option, specification

if TYPE_CHECKING:
    from wavetank.scenarios.exploration.mutants.hunt import MutantResult
    from wavetank.scenarios.exploration.races.cells import Cell
    from wavetank.scenarios.exploration.races.races import Races
    from wavetank.scenarios.exploration.storm.storm import StormRound

FAILED = 1
INCONCLUSIVE = 3

Function = Annotated[str | None, typer.Argument(help="Only this function's calls; all without.", metavar="FUNCTION")]
EventType = Annotated[str, typer.Option("--event", help="The event type that flows.")]
Stopped = Annotated[
    str | None, typer.Argument(help="Who is stopped at each call; all without.", metavar="STOPPED", show_default=False)
]
Meanwhile = Annotated[
    str | None,
    typer.Argument(help="Who runs to its end meanwhile; all without.", metavar="MEANWHILE", show_default=False),
]
CellNumber = Annotated[
    int | None, typer.Option("--cell", min=1, help="Only the race of this number.", show_default=False)
]
Minutes = Annotated[
    float | None,
    typer.Option("--minutes", min=0.1, help="Begin no race after so long; some of each pair come first."),
]
Rounds = Annotated[int, typer.Option("--rounds", min=1, help="How many rounds.")]
First = Annotated[int, typer.Option("--from", min=1, help="The first round.")]
Names = Annotated[list[str] | None, typer.Argument(help="Only these; all without.", metavar="NAME")]
Quick = Annotated[bool, typer.Option("--quick", help="Hold only the drills that a mutant names, not all others.")]
Blind = Annotated[
    bool, typer.Option("--blind", help="Hold the basics first, whatever drills a mutant names, then all others.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(epilog="Example: wavetank sweep partitioner --json sweep.json")(sweep)
    app.command(epilog="Example: wavetank races concatenator planner --minutes 5")(races)
    app.command(epilog="Example: wavetank storm --seed 7 --rounds 20 --schemas generated")(storm)
    app.command(epilog="Example: wavetank mutants no-dedupe --json mutants.json")(mutants)


def sweep(
    function: Function = None,
    event_type: EventType = "click",
    seed: Annotated[int, seed_option("Seed of the events.")] = 1,
    jobs: Jobs = None,
    json_file: Annotated[Path | None, file_option("--json", "Write every cell to this file.")] = None,
) -> None:
    """Let each AWS call of each function fail, crash and outlast its function, one run each, on private stacks.

    Exit code 0 all pass, 1 any fail, 3 inconclusive.
    """
    from wavetank.scenarios.exploration.sweep import table
    from wavetank.scenarios.exploration.sweep.paths import target_of
    from wavetank.scenarios.exploration.sweep.sweep import NothingToSweepError, Result, Sweep
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import RunDisplay
    from wavetank.scenarios.run.parallel import MOST_STACKS, default_jobs, own_stacks, shared
    from wavetank.scenarios.run.report import exit_code
    from wavetank.scenarios.site.own_code import IN_DATABASE, equipped

    _check_event_type(event_type)
    began, out, results = time.monotonic(), console(), dict[int, Result]()
    jobs = jobs or default_jobs(MOST_STACKS)
    try:
        with RunDisplay(out) as display, own_stacks(jobs, display.now, eager=True) as sites, ExitStack() as databases:
            provided = [databases.enter_context(equipped(site, IN_DATABASE)) for site in sites]
            targets = [target_of(site, event_type, seed) for site in provided]
            first = Sweep(targets[0], display.line("sweep", 1))
            planned = first.plan(function)
            sweeps = [first.at(target, display.line("sweep", number)) for number, target in enumerate(targets[1:], 2)]
            for number, result in shared([first, *sweeps], planned, lambda run, step: run.run(*step)):
                results[number] = result
                for line in table.wrong([result]):
                    out.print(line, markup=False, soft_wrap=True)
    except NothingToSweepError as error:
        raise typer.BadParameter(str(error)) from error
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


def races(
    stopped: Stopped = None,
    meanwhile: Meanwhile = None,
    cell: CellNumber = None,
    only_list: Annotated[bool, typer.Option("--list", help="List the races by number, and run none.")] = False,
    minutes: Minutes = None,
    event_type: EventType = "click",
    seed: Annotated[int, seed_option("Seed of the events.")] = 1,
    jobs: Jobs = None,
    json_file: Annotated[Path | None, file_option("--json", "Write every race to this file.")] = None,
) -> None:
    """Stop one function before and after each AWS call while another runs to its end, one run each, on private stacks.

    Exit code 0 all pass, 1 any fail, 3 any is inconclusive, or the time was over before the first.
    """
    from wavetank.scenarios.exploration.races import table
    from wavetank.scenarios.exploration.races.races import NoRaceError, Races, Result
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import RunDisplay
    from wavetank.scenarios.run.parallel import MOST_STACKS, default_jobs, own_stacks, shared
    from wavetank.scenarios.run.report import exit_code

    _check_event_type(event_type)
    _check_actors([name for name in (stopped, meanwhile) if name is not None], cell)
    began, out, results, planned = time.monotonic(), console(), dict[int, Result](), list["Cell"]()
    jobs = jobs or (1 if only_list or cell else default_jobs(MOST_STACKS))
    try:
        with RunDisplay(out) as display, own_stacks(jobs, display.now, eager=True) as sites:
            first = Races.begun(sites[0], event_type, seed, display.line("races", 1))
            planned = _races_asked_for(first, stopped, meanwhile, cell)
            if only_list:
                out.print("\n".join(table.listed(planned)), markup=False, soft_wrap=True, highlight=False)
                raise typer.Exit
            every = [first, *(first.at(site, display.line("races", n)) for n, site in enumerate(sites[1:], 2))]
            until = None if minutes is None else began + 60 * minutes
            for _, result in shared(every, planned, lambda run, race: run.run_before(race, until)):
                if result is not None:
                    results[result.cell.number] = result
                    for line in table.wrong([result]):
                        out.print(line, markup=False, soft_wrap=True)
            for result in table.to_shrink(results.values()):
                out.print(table.shrunk(result, first.needs(result.cell)), markup=False, soft_wrap=True)
    except NoRaceError as error:
        raise typer.BadParameter(str(error)) from error
    finally:
        took_s = time.monotonic() - began
        in_order = [result for _, result in sorted(results.items())]
        if in_order:
            out.print(table.matrix(in_order))
            out.print(f"{len(in_order)} of {len(planned)} races in {took_s:.0f} s")
        if json_file is not None:
            write_json(json_file, table.document(in_order, len(planned), took_s))
    raise typer.Exit(exit_code(result.verdict for result in in_order) if in_order else INCONCLUSIVE)


def _check_actors(names: list[str], cell: int | None) -> None:
    """Raise BadParameter unless these are actors of races, and none where a race is asked for by its number."""
    from wavetank.scenarios.exploration.races.actors import ACTORS

    actors = [actor.name for actor in ACTORS]
    if strangers := [name for name in names if name not in actors]:
        raise typer.BadParameter(f"there is no actor {', '.join(strangers)}; there are: {', '.join(actors)}")
    if names and cell is not None:
        raise typer.BadParameter("--cell names one race of the whole matrix; leave the actors out")


def _check_event_type(name: str) -> None:
    """Raise BadParameter unless there is an event type of this name."""
    from wavetank.emulator.deploy.deploy import plan
    from wavetank.scenarios.run.event_types import ad_stream_schemas

    event_types = [event.name for event in plan(ad_stream_schemas()).events]
    if name not in event_types:
        raise typer.BadParameter(f"there is no event type {name!r}; there are: {', '.join(event_types)}")


def _races_asked_for(races: "Races", stopped: str | None, meanwhile: str | None, number: int | None) -> "list[Cell]":
    """The races of these actors, or the one of this number, some of each pair first. Raises NoRaceError."""
    from wavetank.scenarios.exploration.races.cells import spread
    from wavetank.scenarios.exploration.races.races import NoRaceError, chosen

    cells = races.plan()
    if number is not None and number > len(cells):
        raise NoRaceError(f"there is no race {number}; there are {len(cells)}")
    if number is not None:
        return [cells[number - 1]]
    return list(spread(chosen(cells, stopped, meanwhile)))


def storm(
    seed: Annotated[int, seed_option("The same seed gives the same rounds.")] = 1,
    rounds: Rounds = 10,
    first: First = 1,
    schemas: Schemas = None,
    jobs: Jobs = None,
    json_file: Annotated[Path | None, file_option("--json", "Write every round to this file.")] = None,
) -> None:
    """Hold rounds of random workloads and faults on private stacks; shrink and save those that fail.

    Exit code 0 all pass, 1 any fail, 3 inconclusive.
    """
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.exploration.storm.storm import Storm, StormRound
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import RunDisplay
    from wavetank.scenarios.run.event_types import ad_stream_schemas
    from wavetank.scenarios.run.parallel import default_jobs, own_stacks, shared
    from wavetank.scenarios.run.report import exit_code
    from wavetank.scenarios.run.runner import Runner
    from wavetank.scenarios.workload.generated.folder import schema_folder

    out, done, home = console(), dict[int, StormRound](), Home.from_environment().path
    specified = specification(schemas, seed)
    jobs = jobs or default_jobs(rounds)
    with (
        schema_folder(specified, ad_stream_schemas()) as folder,
        RunDisplay(out) as display,
        own_stacks(jobs, display.now, eager=True, schemas=folder) as sites,
    ):
        storms = [
            Storm(Runner(site, home / "runs"), seed, home / "storms", display.line("storm", number), specified)
            for number, site in enumerate(sites, start=1)
        ]
        for number, outcome in shared(storms, range(first, first + rounds), Storm.round):
            done[number] = outcome
            for line in _round_lines(outcome):
                out.print(line, markup=False, soft_wrap=True)
    in_order = [outcome for _, outcome in sorted(done.items())]
    if json_file is not None:
        write_json(json_file, {"seed": seed, "rounds": [_round_document(outcome) for outcome in in_order]})
    raise typer.Exit(exit_code(outcome.verdict for outcome in in_order))


def _round_lines(outcome: "StormRound") -> list[str]:
    from wavetank.scenarios.exploration.storm.storm import findings

    report = outcome.report
    fired = ", ".join(f"{name} ×{times}" for name, times in report.fired.items() if times) or "nothing struck"
    lines = [f"{outcome.verdict:<12} round {outcome.number:<4} {report.duration_s:5.1f} s   {fired}"]
    lines += [f"             {finding.checker}: {finding.detail}" for finding in findings(report)]
    if outcome.smallest is not None:
        names = ", ".join(nemesis.id for nemesis in outcome.smallest.nemeses)
        lines += [f"             fails with {names} alone", f"             wavetank drill --replay {outcome.file}"]
    return lines


def _round_document(outcome: "StormRound") -> dict[str, Any]:
    from wavetank.scenarios.exploration.storm.storm import findings

    return {
        "round": outcome.number,
        "verdict": str(outcome.verdict),
        "duration_s": round(outcome.report.duration_s, 3),
        "faults": dict(outcome.report.fired),
        "findings": [f"{finding.checker}: {finding.detail}" for finding in findings(outcome.report)],
        "replay": str(outcome.file) if outcome.file else None,
    }


def mutants(
    names: Names = None,
    seed: Annotated[int, seed_option("Seed of the workloads and of the faults.")] = 1,
    quick: Quick = False,
    blind: Blind = False,
    jobs: Jobs = None,
    json_file: Annotated[Path | None, file_option("--json", "Write every mutant to this file.")] = None,
) -> None:
    """Hunt known-bad changes to the pipeline with drills, on private stacks.

    Exit code 0 all caught, 1 one is not, 3 the drills came to no verdict on one.
    """
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.exploration.mutants.build import UnusableMutantError
    from wavetank.scenarios.exploration.mutants.hunt import Hunt, MutantResult, unsound
    from wavetank.scenarios.exploration.mutants.mutant import named
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import RunDisplay
    from wavetank.scenarios.run.parallel import default_jobs, own_stacks, shared
    from wavetank.scenarios.run.runner import Runner

    if quick and blind:
        raise typer.BadParameter("--quick holds the drills that a mutant names, --blind holds all others as well")
    try:
        chosen = named(names or [])
    except UnusableMutantError as error:
        raise typer.BadParameter(str(error)) from error
    out, done, jobs = console(), dict[int, MutantResult](), jobs or default_jobs(len(chosen))
    with RunDisplay(out) as display, own_stacks(jobs, display.now, eager=True) as sites:
        folder = Home.from_environment().path / "runs"
        hunts = [
            Hunt(Runner(site, folder), seed, display.line("mutants", number), quick, blind)
            for number, site in enumerate(sites, start=1)
        ]
        for number, result in shared(hunts, chosen, Hunt.run):
            done[number] = result
            if json_file is not None:
                documents = [result.document() for _, result in sorted(done.items())]
                write_json(json_file, {"mutants": documents, "unsound": unsound(hunts)})
            verdict = f"caught by {result.drill:<24}" if result.drill else f"{_unnoticed(result):<34}"
            out.print(f"{result.mutant.name:<32} {verdict} {result.detail}", markup=False, soft_wrap=True)
        for name in unsound(hunts):
            out.print(f"{name} does not pass without a mutant, and was not asked", markup=False)
    at_large = [result for result in done.values() if not result.drill]
    out.print(f"{len(done) - len(at_large)} of {len(done)} mutants caught")
    if any(not result.inconclusive for result in at_large):
        raise typer.Exit(FAILED)
    raise typer.Exit(INCONCLUSIVE if at_large else 0)


def _unnoticed(result: "MutantResult") -> str:
    """The outcome of a mutant that no drill caught, in a word or two."""
    return f"INCONCLUSIVE in {', '.join(result.inconclusive)}" if result.inconclusive else "NOT CAUGHT"

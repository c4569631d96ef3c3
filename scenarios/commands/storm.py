"""`wavetank storm`: let random things go wrong at once, and see that nothing is lost."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.jobs import Jobs

if TYPE_CHECKING:
    from wavetank.scenarios.exploration.storm.storm import StormRound

Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same rounds.")]
Rounds = Annotated[int, typer.Option("--rounds", min=1, help="How many rounds.")]
First = Annotated[int, typer.Option("--from", min=1, help="The first round.")]
JsonFile = Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Write every round to this file.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Example: wavetank storm --seed 7 --rounds 20")(storm)


def storm(seed: Seed = 1, rounds: Rounds = 10, first: First = 1, jobs: Jobs = None, json_file: JsonFile = None) -> None:
    """Hold rounds of random workloads and faults on private stacks; shrink and save those that fail.

    Exit code 0 all pass, 1 any fail, 3 inconclusive.
    """
    from wavetank.emulator.stack.home import Home
    from wavetank.scenarios.exploration.storm.storm import Storm, StormRound
    from wavetank.scenarios.report.console import console
    from wavetank.scenarios.report.files import write_json
    from wavetank.scenarios.report.terminal import Board
    from wavetank.scenarios.run.parallel import default_jobs, own_stacks, shared
    from wavetank.scenarios.run.runner import Runner

    out, done, home = console(), dict[int, StormRound](), Home.from_environment().path
    with Board(out) as board, own_stacks(jobs or default_jobs(rounds), board.now, eager=True) as sites:
        storms = [
            Storm(Runner(site, home / "runs"), seed, home / "storms", board.line("storm", number))
            for number, site in enumerate(sites, start=1)
        ]
        for number, outcome in shared(storms, range(first, first + rounds), Storm.round):
            done[number] = outcome
            for line in _told(outcome):
                out.print(line, markup=False, soft_wrap=True)
    in_order = [outcome for _, outcome in sorted(done.items())]
    if json_file is not None:
        write_json(json_file, {"seed": seed, "rounds": [_document(outcome) for outcome in in_order]})
    raise typer.Exit(_exit_code(in_order))


def _told(outcome: "StormRound") -> list[str]:
    from wavetank.scenarios.exploration.storm.storm import findings

    report = outcome.report
    fired = ", ".join(f"{name} ×{times}" for name, times in report.fired.items() if times) or "nothing struck"
    lines = [f"{outcome.verdict:<12} round {outcome.number:<4} {report.duration_s:5.1f} s   {fired}"]
    lines += [f"             {finding.checker}: {finding.detail}" for finding in findings(report)]
    if outcome.smallest is not None:
        names = ", ".join(nemesis.id for nemesis in outcome.smallest.nemeses)
        lines += [f"             fails with {names} alone", f"             wavetank drill --replay {outcome.file}"]
    return lines


def _document(outcome: "StormRound") -> dict[str, Any]:
    from wavetank.scenarios.exploration.storm.storm import findings

    return {
        "round": outcome.number,
        "verdict": str(outcome.verdict),
        "duration_s": round(outcome.report.duration_s, 3),
        "faults": dict(outcome.report.fired),
        "findings": [f"{finding.checker}: {finding.detail}" for finding in findings(outcome.report)],
        "replay": str(outcome.file) if outcome.file else None,
    }


def _exit_code(done: "list[StormRound]") -> int:
    from wavetank.scenarios.oracle.evidence import Verdict
    from wavetank.scenarios.run.report import EXIT_CODES

    verdicts = {outcome.verdict for outcome in done}
    return next((EXIT_CODES[worst] for worst in (Verdict.FAIL, Verdict.INCONCLUSIVE) if worst in verdicts), 0)

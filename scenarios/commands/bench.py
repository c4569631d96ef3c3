"""`wavetank bench`: measure, and write the figures where programs can read them."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from wavetank.scenarios.commands.options import file_option
from wavetank.scenarios.report.escaping import echo

FAILED = 1

Name = Annotated[str | None, typer.Argument(help="The benchmark; without one, the names there are.", metavar="NAME")]
Everything = Annotated[bool, typer.Option("--all", help="Run every benchmark, each on a stack of its own.")]
JsonFile = Annotated[Path | None, file_option("--json", "Write the figures to this file.")]
Endpoint = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        help="Run on this stack, and EMPTY its data bucket; by default on a private one.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog="Examples: wavetank bench reference    wavetank bench pipeline --json pipeline.json")(bench)


def bench(
    name: Name = None,
    everything: Everything = False,
    json_file: JsonFile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Run a benchmark. With --all the file holds {"benches": [...]}, else the one benchmark's figures."""
    from wavetank.emulator.stack.stack import EmbeddedStack
    from wavetank.scenarios.benchmarks.registry import BenchFailedError, names, run
    from wavetank.scenarios.commands.target import connect
    from wavetank.scenarios.report.files import write_json

    benchmarks = names()
    if bool(name) == everything or (name and name not in benchmarks):
        raise typer.BadParameter(f"name a benchmark, or say --all; there are: {', '.join(benchmarks)}")
    documents: list[dict[str, Any]] = []
    for benchmark in benchmarks if everything else [str(name)]:
        try:
            with EmbeddedStack.up() if endpoint_url is None else nullcontext(connect(endpoint_url)) as stack:
                result = run(benchmark, stack)
        except BenchFailedError as error:
            echo(f"error: {benchmark}: {error}", err=True)
            raise typer.Exit(FAILED) from error
        documents.append(result.document())
        width = max(map(len, result.metrics))
        echo("\n".join([benchmark, *(f"  {key:<{width}}  {value:>14,.3f}" for key, value in result.metrics.items())]))
        if json_file is not None:
            write_json(json_file, {"benches": documents} if everything else documents[0])

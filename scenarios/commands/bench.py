"""`wavetank bench`: measure, and write the figures where programs can read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.report.escaping import echo

if TYPE_CHECKING:
    from wavetank.emulator.stack.stack import Stack

FAILED = 1

Name = Annotated[str | None, typer.Argument(help="The benchmark; without one, the names there are.", metavar="NAME")]
Everything = Annotated[bool, typer.Option("--all", help="Run every benchmark, each on a stack of its own.")]
JsonFile = Annotated[Path | None, typer.Option("--json", dir_okay=False, help="Write the figures to this file.")]
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
    app.command(epilog="Example: wavetank bench pipeline --json pipeline.json")(bench)


def bench(
    name: Name = None,
    everything: Everything = False,
    json_file: JsonFile = None,
    endpoint_url: Endpoint = None,
) -> None:
    """Run a benchmark. With --all the file holds {"benches": [...]}, else the one benchmark's figures."""
    from wavetank.scenarios.benchmarks.registry import BenchFailedError, names, run

    known = names()
    if bool(name) == everything or (name and name not in known):
        raise typer.BadParameter(f"name a benchmark, or say --all; there are: {', '.join(known)}")
    documents: list[dict[str, Any]] = []
    for wanted in known if everything else [str(name)]:
        try:
            with _stack(endpoint_url) as stack:
                result = run(wanted, stack)
        except BenchFailedError as error:
            echo(f"error: {wanted}: {error}", err=True)
            raise typer.Exit(FAILED) from error
        documents.append(result.document())
        echo(_lines(wanted, result.metrics))
        _write(json_file, {"benches": documents} if everything else documents[0])


@contextmanager
def _stack(endpoint_url: str | None) -> "Iterator[Stack]":
    from wavetank.emulator.stack.stack import EmbeddedStack
    from wavetank.scenarios.commands.target import connect

    if endpoint_url is None:
        with EmbeddedStack.up() as private:
            yield private
    else:
        yield connect(endpoint_url)


def _lines(name: str, metrics: Any) -> str:
    width = max(map(len, metrics))
    return "\n".join([name, *(f"  {key:<{width}}  {value:>14,.3f}" for key, value in metrics.items())])


def _write(path: Path | None, document: dict[str, Any]) -> None:
    from wavetank.scenarios.report.files import write_json

    if path is not None:
        write_json(path, document)

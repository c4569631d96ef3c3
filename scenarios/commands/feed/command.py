"""`wavetank feed`: newline JSON, CSV or Parquet, or synthetic events, onto the raw streams."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from wavetank.emulator.errors import CallerError
from wavetank.scenarios.commands.options import EndpointUrl, Stage, moment
from wavetank.scenarios.commands.target import connect
from wavetank.scenarios.report.escaping import echo
from wavetank.scenarios.workload.source_file import Format

if TYPE_CHECKING:
    from wavetank.emulator.stack.stack import Stack
    from wavetank.scenarios.client.producer import Route
    from wavetank.scenarios.commands.feed.job import FeedJob

EXIT_INCOMPLETE = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
SYNTHETIC_START = "2025-01-01T00:00:00Z"
"""Fixed, so that the same command gives the same events on any day."""

EPILOG = (
    "Exit codes: 0 all acknowledged; 1 some not (rejected, refused, input cut off); 2 wrong usage; "
    "130 interrupted. Example: wavetank feed events.ndjson.gz --mapping mine.toml"
)

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="Newline JSON or CSV, plain, gzip or zstd, or Parquet; - is standard input.",
        show_default=False,
    ),
]
MappingOption = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        "-m",
        metavar="FILE",
        help="TOML: how rows become events; a file, or its name in mappings/.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="What FILE is.", show_default="Parquet and *.csv are told; else ndjson"),
]
Synthetic = Annotated[
    int | None,
    typer.Option(min=0, metavar="N", help="Feed N made-up events.", show_default=False),
]
Rejected = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where rejected rows go.", show_default="FILE's name + .rejected.ndjson"),
]
JournalFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="Keep what is not acknowledged here; if it exists, resume.",
        show_default=False,
    ),
]
Retain = Annotated[bool, typer.Option("--retain", help="With --journal: keep what is acknowledged, too.")]
Rebuild = Annotated[
    bool,
    typer.Option("--rebuild", help="With --journal: the stack has lost its data; send again all that was retained."),
]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(epilog=EPILOG)(feed)


def feed(
    file: File = None,
    mapping: MappingOption = None,
    format_: FormatOption = None,
    synthetic: Synthetic = None,
    seed: Annotated[int, typer.Option(help="With --synthetic: equal seeds, equal events.")] = 1,
    hours: Annotated[float, typer.Option(min=0.01, help="With --synthetic: over so many hours.")] = 6.0,
    start: Annotated[str, typer.Option(help="With --synthetic: when they begin.")] = SYNTHETIC_START,
    rejected: Rejected = None,
    journal: JournalFile = None,
    retain: Retain = False,
    rebuild: Rebuild = False,
    in_flight: Annotated[int, typer.Option(min=1, max=64, help="Requests at a time.")] = 4,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Put events on the raw streams, at least once, and account for every row."""
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline import topology
    from wavetank.scenarios.client.journal import JournalError
    from wavetank.scenarios.client.producer import Producer, Sender
    from wavetank.scenarios.client.producer import routes as routes_of
    from wavetank.scenarios.commands.feed.job import JournalOptions, SyntheticJob
    from wavetank.scenarios.workload.rows import UnusableSourceError

    planned = topology.load(schemas_folder(), stage)
    routes = routes_of(planned)
    if file is not None and synthetic is None:
        job: FeedJob = _file_job(file, mapping, format_, rejected, routes)
    elif synthetic is not None and file is None and mapping is None:
        begins = moment("--start", start)
        job = SyntheticJob(planned, n=synthetic, seed=seed, start=begins, hours=hours, rejected=rejected)
    else:
        raise typer.BadParameter("give a FILE with its --mapping, or --synthetic N")
    if (retain or rebuild) and journal is None:
        raise typer.BadParameter("--retain and --rebuild are about a --journal")
    job.journal_options = JournalOptions(journal, retain=retain, rebuild=rebuild) if journal is not None else None
    if absent := sorted(set(job.event_types) - set(routes)):
        raise typer.BadParameter(f"it would feed {', '.join(absent)}, and schemas/ has no such event type")
    stack = connect(endpoint_url, stage)
    stop = threading.Event()
    with (
        _interruptible(stop) as interrupted,
        Sender(stack.client("kinesis"), in_flight=in_flight, stop=stop) as sender,
    ):
        _check_streams(stack, [routes[name] for name in job.event_types])
        try:
            report = job.run(Producer(sender, routes), stop, show=not as_json)
        except UnusableSourceError as error:
            raise CallerError(str(error)) from error
        except JournalError as error:
            raise CallerError(str(error), "Name another file with --journal, or remove this one.") from error
    document = {**report, "interrupted": interrupted.is_set()}
    echo(json.dumps(document, ensure_ascii=False) if as_json else job.sentence(document))
    raise typer.Exit(EXIT_INTERRUPTED if interrupted.is_set() else 0 if report["complete"] else EXIT_INCOMPLETE)


def _file_job(
    file: Path, named: str | None, format_: Format | None, rejected: Path | None, routes: dict[str, "Route"]
) -> "FeedJob":
    from wavetank.emulator.stack.home import project_root
    from wavetank.scenarios.commands.feed.job import FileJob
    from wavetank.scenarios.workload.mapper import Mapper
    from wavetank.scenarios.workload.mapping_file import MAPPINGS, MappingError, find, load
    from wavetank.scenarios.workload.source_file import STANDARD_INPUT

    if named is None:
        raise typer.BadParameter("a FILE needs a --mapping that says how its rows become events")
    if str(file) != STANDARD_INPUT and not file.is_file():
        raise typer.BadParameter(f"{file}: no such file")
    if rejected is not None and rejected.resolve() == file.resolve():
        raise typer.BadParameter("--rejected is the input itself; name another file")
    try:
        mapping = load(
            find(named, project_root() / MAPPINGS), {name: route.schema.definition for name, route in routes.items()}
        )
    except MappingError as error:
        echo(f"error: {error}", err=True)
        raise typer.Exit(EXIT_USAGE) from error
    return FileJob(file, Mapper(mapping), rejected, format_)


def _check_streams(stack: "Stack", routes: list["Route"]) -> None:
    """Raise CallerError where the pipeline is not there: better than a file full of refused lines."""
    kinesis = stack.client("kinesis")
    for route in routes:
        try:
            kinesis.describe_stream_summary(StreamName=route.stream)
        except kinesis.exceptions.ResourceNotFoundException as error:
            raise CallerError(
                f"there is no stream {route.stream} at {stack.endpoint_url}.",
                "Deploy the pipeline first: `wavetank up` does, if it was not told otherwise.",
            ) from error


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[threading.Event]:
    """A block in which the first Ctrl-C ends the feed in order; a second one ends the program."""
    interrupted = threading.Event()
    previous = signal.getsignal(signal.SIGINT)

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            # Threads that wait for an answer would hold up any other way out.
            os._exit(EXIT_INTERRUPTED)
        interrupted.set()
        stop.set()
        sys.stderr.write("\nstopping: what is under way is finished first (Ctrl-C again: at once)\n")

    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)

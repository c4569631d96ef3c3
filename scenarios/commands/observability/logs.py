"""`wavetank logs`: what functions log, all of them together, and the log of the stack itself."""

import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from wavetank.emulator.errors import NoStackUp
from wavetank.emulator.stack.clients import LOCAL_HOSTS
from wavetank.emulator.stack.home import Home
from wavetank.emulator.stack.stack import EmbeddedStack, Stack
from wavetank.emulator.stack.start import tail
from wavetank.pipeline.names import Names
from wavetank.scenarios.commands import target
from wavetank.scenarios.commands.observability.places import functions_of, now_of
from wavetank.scenarios.commands.options import EndpointUrl, OnePort, Stage
from wavetank.scenarios.commands.options import since as since_option
from wavetank.scenarios.observability.log_lines import Level, LogChoice, LogLine
from wavetank.scenarios.observability.log_reader import LogReader
from wavetank.scenarios.report.escaping import echo, echo_more, one_line

LOOK_S = 0.2
"""How often `--follow` looks for new lines in the log of a stack."""
LAST_LINES = 100
REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until it ends.")]


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    examples = (
        "wavetank logs -f --function partitioner    wavetank logs --level warn --since 1h    wavetank logs --stack"
    )
    app.command(epilog=f"Examples: {examples}")(logs)


def logs(
    function: Annotated[
        list[str] | None,
        typer.Option("--function", help="Only this function; its prefix may be left out.", show_default=False),
    ] = None,
    event_type: Annotated[str | None, typer.Option("--event-type", help="Only of this event type.")] = None,
    level: Annotated[str | None, typer.Option("--level", help="Only this severe or more: debug, info, warn, …")] = None,
    request: Annotated[str | None, typer.Option("--request", help="Only this invocation, by its request id.")] = None,
    event_id: Annotated[
        str | None, typer.Option("--event-id", help="Only of what handled this event, or names it; see `trace`.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Not before this time, or so long ago: 15m, 6h, 2d.")
    ] = None,
    follow: Follow = False,
    lines: Annotated[
        int | None,
        typer.Option("-n", "--lines", min=0, help="How many of the last lines.", show_default="100; all with --since"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each line.")] = False,
    stack: Annotated[bool, typer.Option("--stack", help="The log of the stack itself instead.")] = False,
    port: OnePort = None,
    endpoint_url: EndpointUrl = None,
    stage: Stage = None,
) -> None:
    """Print what the functions of a stage log, all together, by time; on AWS as well.

    With --stack the log of a stack of ours instead, with --port also of one that failed to start.
    """
    if stack:
        if function or as_json or any((event_type, level, request, event_id, since)):
            raise typer.BadParameter("with --stack there are --port, --lines and --follow: it is no log of functions")
        _stack_log(port, LAST_LINES if lines is None else lines, follow)
        return
    place = target.connect(endpoint_url, stage) if port is None else target.ours(port)
    start = None if since is None else since_option("--since", since, now_of(place))
    choice = LogChoice(event_type, _level(level), _requests(request), event_id)
    if event_id is not None:
        choice = replace(choice, requests=_requests_of(place, event_id, choice, stage=stage, since=since))
    reader = LogReader(place.client("logs"), functions_of(place, stage, function), Names.of_stage(stage).prefix)
    now_ms, start_ms = int(now_of(place).timestamp() * 1000), 0 if start is None else int(start.timestamp() * 1000)
    if start is not None and lines is None:
        chosen: Iterable[LogLine] = reader.lines(choice, start_ms)
    else:
        chosen = reader.last(LAST_LINES if lines is None else lines, choice, now_ms, start_ms)
    newest_ms = _show_all(chosen, as_json)
    if follow:
        pause_s = reader.pause_s(local=urlsplit(place.endpoint_url).hostname in LOCAL_HOSTS)
        with suppress(KeyboardInterrupt):
            _show_all(reader.follow(choice, newest_ms, now_ms, pause_s), as_json)


def _requests_of(
    stack: Stack, event_id: str, choice: LogChoice, *, stage: str | None, since: str | None
) -> frozenset[str] | None:
    """The requests of the invocations that handled an event; where one is asked for, that one alone."""
    from wavetank.scenarios.commands.observability.trace import USUAL_SINCE, traced

    site = target.pipeline_on(stack, stage)
    traces = traced(site, event_id, since or USUAL_SINCE, event_type=choice.event_type)
    requests = frozenset(request for trace in traces for request in trace.requests)
    return requests if choice.requests is None else requests & choice.requests


def document(line: LogLine) -> dict[str, Any]:
    """A line as JSON has it; `line` is the whole of a line of JSON, or the text."""
    return {
        "time": time_of(line.time_ms),
        "function": line.function,
        "event_type": line.event_type or None,
        "level": line.level.name if line.level is not None else None,
        "message": line.message,
        "request_id": line.request_id or None,
        "stream": line.stream,
        "line": dict(line.fields) or line.text,
    }


def in_words(line: LogLine) -> str:
    """A line for people: time, level, function, message and further fields; lines of a message are indented."""
    extra = " ".join(f"{name}={_short(value)}" for name, value in line.extra.items() if name not in ("type", "record"))
    level = line.level.name if line.level is not None else ""
    first, *others = line.message.expandtabs(2).split("\n")
    head = f"{time_of(line.time_ms)}  {level:<5}  {line.function}  {first}  {extra}".rstrip()
    return "\n".join([one_line(head), *(f"    {one_line(each)}" for each in others)])


def time_of(time_ms: int) -> str:
    """A time as lines have it: ISO 8601 with milliseconds, UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _show_all(lines: Iterable[LogLine], as_json: bool) -> int | None:
    """Print lines as they come; the time of the last one."""
    newest_ms = None
    for line in lines:
        echo(json.dumps(document(line), ensure_ascii=False) if as_json else in_words(line))
        newest_ms = line.time_ms
    return newest_ms


def _short(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _level(name: str | None) -> Level | None:
    if name is None:
        return None
    level = Level.of(name)
    if level is None:
        raise typer.BadParameter(f"--level {name!r} is none of {', '.join(each.name.lower() for each in Level)}")
    return level


def _requests(request: str | None) -> frozenset[str] | None:
    if request is not None and not REQUEST_ID.fullmatch(request):
        raise typer.BadParameter(f"--request {request!r} is no request id: letters, digits and hyphens")
    return None if request is None else frozenset({request})


def _stack_log(port: int | None, lines: int, follow: bool) -> None:
    """Print the log of a stack of ours, and follow it."""
    stack = target.ours(None) if port is None else target.on(port)
    if stack is None or isinstance(stack, EmbeddedStack):
        folder = stack.folder if stack is not None else Home.from_environment().stack(port or 0)
        _file_log(folder.log, port, lines, follow)
        return
    echo(stack.log(lines))
    if follow:
        with suppress(KeyboardInterrupt):
            for text in stack.follow():
                echo_more(text)


def _file_log(log: Path, port: int | None, lines: int, follow: bool) -> None:
    """Print the last lines of a log, and follow it until it is removed with its stack."""
    if not log.is_file():
        raise NoStackUp(f"there is no log of a stack on port {port}.")
    end = log.stat().st_size
    echo(tail(log, lines))
    if not follow:
        return
    with log.open(errors="replace") as stream:
        stream.seek(end)
        while log.exists():
            if text := stream.read():
                echo_more(text)
            else:
                time.sleep(LOOK_S)

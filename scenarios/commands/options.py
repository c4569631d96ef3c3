"""Options that several commands take, and how their values are read."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint-url",
        envvar="AWS_ENDPOINT_URL",
        help="The stack to talk to; by default the one that is up.",
        show_default=False,
    ),
]
"""The option by which every command that needs a stack takes one; give its value to `target.connect`."""
Folder = Annotated[
    Path | None, typer.Option("--schemas", help="The schema folder.", show_default="schemas/ of the project")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        max=32,
        help="Run so many at a time, each on a stack of its own.",
        show_default="two for each core, at most 8",
    ),
]
OnePort = Annotated[
    int | None,
    typer.Option("--port", min=1, max=65535, help="The stack on this port.", show_default="the only one up"),
]

Stage = Annotated[
    str | None,
    typer.Option(
        "--stage",
        envvar="WAVETANK_STAGE",
        metavar="NAME",
        help="The stage, a [stages.NAME] of wavetank.toml: its account, region and names.",
        show_default="the default stage",
    ),
]
"""The option by which every command that talks to a pipeline takes its stage; give its value to `target.connect`."""

Schemas = Annotated[
    str | None,
    typer.Option(
        "--schemas",
        metavar="generated[:SEED]",
        help="Deploy generated event types and let events of these flow.",
        show_default=False,
    ),
]


def specification(schemas: str | None, seed: int) -> str:
    """The value of `--schemas` with the seed that it leaves out; empty for none. Raises BadParameter."""
    from wavetank.scenarios.workload.generated.folder import UnusableSpecificationError, seed_of

    if schemas is None:
        return ""
    try:
        return f"generated:{seed if schemas == 'generated' else seed_of(schemas)}"
    except UnusableSpecificationError as error:
        raise typer.BadParameter(f"--schemas {error}") from error


def seed_option(text: str) -> Any:
    """The option `--seed` with this help."""
    return typer.Option("--seed", help=text)


def file_option(name: str, text: str) -> Any:
    """An option that names a file to write, with this help."""
    return typer.Option(name, dir_okay=False, help=text)


def moment(option: str, text: str) -> datetime:
    """The time that the value of an option names; UTC, where it names no zone. Raises BadParameter."""
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{option} {text!r} is not an ISO 8601 time: {error}") from error


_DURATION = re.compile(r"(?P<number>[0-9]{1,6})(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(option: str, text: str, most: timedelta) -> timedelta:
    """The length of time that the value of an option names: 90s, 15m, 6h, 2d, 1w. Raises BadParameter."""
    length = _length(text)
    if length is None or not timedelta() < length <= most:
        raise typer.BadParameter(
            f"{option} {text!r} is no duration: a number with s, m, h, d or w, such as 3h; at most {most.days}d"
        )
    return length


def since(option: str, text: str, now: datetime) -> datetime:
    """The time that the value of an option names: an ISO 8601 time, or so long before now, as `duration` has it.

    Raises BadParameter.
    """
    length = _length(text)
    try:
        return moment(option, text) if length is None else now - length
    except (typer.BadParameter, OverflowError) as error:
        raise typer.BadParameter(
            f"{option} {text!r} is neither a time (ISO 8601) nor an age such as 15m or 6h"
        ) from error


def _length(text: str) -> timedelta | None:
    match = _DURATION.fullmatch(text)
    return timedelta(**{_UNITS[match["unit"]]: int(match["number"])}) if match else None

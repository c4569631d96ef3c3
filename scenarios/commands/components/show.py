"""`wavetank components | template`: what is set for each event type, and the CloudFormation that comes of it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wavetank.scenarios.commands.options import AsJson, Folder, Stage
from wavetank.scenarios.report.escaping import echo, one_line

if TYPE_CHECKING:
    from wavetank.pipeline.topology import EventType, Topology

BUILT_IN = "wavetank"
"""The origin of a value that no file sets."""
MOST_CHARACTERS = 60
"""Of a value in a table; `--json` has all of it."""


def show(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="An event type; all of them without.", metavar="EVENT")] = None,
    folder: Folder = None,
    stage: Stage = None,
    json_schema: Annotated[
        str | None,
        typer.Option(
            "--json-schema", help="Print the JSON Schema of component or project files instead.", metavar="FILE"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is set for event types, and in which file: component.toml, wavetank.toml, or by default.

    Values of its own have their origin beside them; without an event type only these are shown.
    """
    if context.invoked_subcommand is not None:
        return None
    if json_schema is not None:
        return _schema(json_schema)
    deployed = _topology(folder, stage)
    events = [deployed.event(name)] if name else list(deployed.events)
    if as_json:
        echo(json.dumps({event.name: _document(event) for event in events}))
    elif name:
        echo(_table([("key", "value", "from"), *_rows(events[0])]))
    else:
        rows = [(event.name, *row) for event in events for row in _own_rows(event)]
        echo(_table([("event type", "key", "value", "from"), *rows]))
    return None


def template(
    folder: Folder = None,
    stage: Stage = None,
    event: Annotated[str | None, typer.Option("--event", help="Only the stack of this event type.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Write those of every stage, a file each: STACK.json.")
    ] = None,
    pretty: Annotated[
        bool, typer.Option("--pretty", help="Indent it; longer than CloudFormation takes inline.")
    ] = False,
) -> None:
    """Print the CloudFormation templates that `wavetank deploy` brings a stack to, by the names of their stacks."""
    from wavetank.pipeline.template.render import compact, render

    deployed = _topology(folder, stage)
    printed = [deployed] if to is None else [_topology(folder, name) for name in (None, *deployed.project.stages)]
    templates = {name: template for each in printed for name, template in render(each).items()}
    texts = {name: compact(name, template) for name, template in templates.items()}
    if pretty:
        texts = {name: json.dumps(template, indent=2) for name, template in templates.items()}
    if to is not None:
        to.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (to / f"{name}.json").write_text(f"{text}\n")
        echo(f"{len(texts)} templates in {to}", err=True)
    elif event is not None:
        echo(texts[deployed.names.component_stack(deployed.event(event).name)])
    else:
        echo("{" + ",\n".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "}")


def _topology(folder: Path | None, stage: str | None) -> "Topology":
    """The topology of a schema folder; raises ConfigurationError."""
    from wavetank.emulator.stack.home import schemas_folder
    from wavetank.pipeline import topology

    return topology.load(folder or schemas_folder(), stage)


def _schema(name: str) -> None:
    from wavetank.pipeline.components.json_schemas import SCHEMAS, text_of

    if name not in SCHEMAS:
        raise typer.BadParameter(f"--json-schema {name!r}: there are {', '.join(SCHEMAS)}")
    echo(text_of(SCHEMAS[name]).rstrip())


def _document(event: "EventType") -> dict[str, Any]:
    """What is set for an event type, and the origin of each value that is not by default, as JSON has it."""
    return {"settings": event.component.model_dump(mode="json"), "origins": dict(event.settings.origins)}


def _rows(event: "EventType") -> Iterator[tuple[str, str, str]]:
    """Key, value and origin of every setting."""
    origins = event.settings.origins
    for key, value in _leaves(event.component.model_dump(mode="json")):
        origin = origins.get(key) or next((origins[own] for own in origins if own.startswith(f"{key}.")), BUILT_IN)
        yield key, _text(value), origin


def _own_rows(event: "EventType") -> list[tuple[str, str, str]]:
    """The settings of an event type that a file sets; a line that says so where there are none."""
    return [row for row in _rows(event) if row[2] != BUILT_IN] or [("-", "all by default", BUILT_IN)]


def _leaves(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and f"{above}{key}" != "tags":
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _table(rows: list[tuple[str, ...]]) -> str:
    """The rows in columns; values come from files and are shown as one line each."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )

"""A dashboard, read from its body. Pure.

Source: CloudWatch API reference, "Dashboard body structure and syntax". A widget of a kind that is not drawn here
(logs, explorers, custom ones) is kept with its kind.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wavetank.scenarios.dashboard.expressions import ids_in

COLUMNS = 24
SIDE = 6
"""Width and height of a widget that gives none."""
USUAL_STATISTIC = "Average"
LEFT, RIGHT = "left", "right"


class BodyError(ValueError):
    """A body is not as CloudWatch documents it; the message says where, and the rule."""


@dataclass(frozen=True, slots=True)
class Query:
    """A line of a chart, or what one is computed from: a metric, or an expression over others by their ids.

    names: namespace, name, then the names and values of dimensions by turns; none for an expression.
    """

    id: str
    label: str
    names: tuple[str, ...] = ()
    expression: str = ""
    statistic: str = USUAL_STATISTIC
    is_visible: bool = True
    side: str = LEFT


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time; left, right: the units of its axes in words, empty where an axis has no label."""

    title: str
    queries: tuple[Query, ...]
    left: str = ""
    right: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A text in Markdown."""

    markdown: str


@dataclass(frozen=True, slots=True)
class AlarmStates:
    """The states of alarms, by their ARNs."""

    title: str
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undrawn:
    """A widget of another kind."""

    kind: str
    title: str


type Content = Chart | Note | AlarmStates | Undrawn


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget in its place on the grid of 24 columns."""

    content: Content
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard: its name, and its widgets by rows, each from left to right."""

    name: str
    rows: tuple[tuple[Widget, ...], ...]

    @property
    def widgets(self) -> tuple[Widget, ...]:
        """All widgets, row by row."""
        return tuple(widget for row in self.rows for widget in row)

    @property
    def charts(self) -> tuple[Chart, ...]:
        """The charts, row by row."""
        return tuple(widget.content for widget in self.widgets if isinstance(widget.content, Chart))


def read(name: str, body: str) -> Dashboard:
    """The dashboard of that name; raises BodyError."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise BodyError(f"dashboard {name}: its body is not JSON: {error}") from error
    listed = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise BodyError(f"dashboard {name}: its body has no list of widgets")
    widgets, below = [], 0
    for number, entry in enumerate(listed, start=1):
        try:
            widget = _widget(entry, below)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise BodyError(f"dashboard {name}: widget {number} is not as CloudWatch documents it: {error}") from error
        widgets.append(widget)
        below = max(below, widget.y + widget.height)
    rows: dict[int, list[Widget]] = {}
    for widget in sorted(widgets, key=lambda each: (each.y, each.x)):
        rows.setdefault(widget.y, []).append(widget)
    return Dashboard(name, tuple(tuple(row) for row in rows.values()))


def _widget(entry: Mapping[str, Any], below: int) -> Widget:
    properties = entry["properties"]
    title = str(properties.get("title", ""))
    content: Content
    match entry["type"]:
        case "metric" if "metrics" in properties:
            content = _chart(title, properties)
        case "text":
            content = Note(str(properties["markdown"]))
        case "alarm":
            content = AlarmStates(title, tuple(map(str, properties["alarms"])))
        case kind:
            content = Undrawn(str(kind), title)
    width, height = int(entry.get("width", SIDE)), int(entry.get("height", SIDE))
    if not (1 <= width <= COLUMNS and height >= 1):
        raise ValueError(f"its width is 1 to {COLUMNS} and its height at least 1, not {width} and {height}")
    return Widget(content, int(entry.get("x", 0)), int(entry.get("y", below)), width, height)


def _chart(title: str, properties: Mapping[str, Any]) -> Chart:
    axes = properties.get("yAxis") or {}
    left, right = (str((axes.get(side) or {}).get("label", "")) for side in (LEFT, RIGHT))
    queries = tuple(_queries(properties["metrics"], str(properties.get("stat", USUAL_STATISTIC))))
    return Chart(title, queries, left, right, str(properties.get("region", "")))


def _queries(entries: Sequence[Sequence[Any]], usual: str) -> Iterator[Query]:
    """The metrics and expressions of a chart, written out; those without an id are given one that none has."""
    ids = {entry[-1]["id"] for entry in entries if isinstance(entry[-1], dict) and "id" in entry[-1]}
    free = (f"q{number}" for number in range(len(entries) + len(ids)) if f"q{number}" not in ids)
    statistics: dict[str, str] = {}
    before: list[str] = []
    for entry in entries:
        options, names = (entry[-1], entry[:-1]) if isinstance(entry[-1], dict) else ({}, entry)
        names = before = _written_out(names, before) if names else before
        own, expression = str(options.get("id") or next(free)), str(options.get("expression", ""))
        if not expression and (len(names) < 2 or len(names) % 2):
            raise ValueError(f"a metric is a namespace, a name, and names and values of dimensions, not {names}")
        of_read = next((statistics[word] for word in ids_in(expression) if word in statistics), usual)
        statistics[own] = str(options.get("stat", of_read if expression else usual))
        yield Query(
            own,
            str(options.get("label") or expression or " ".join(names[1:])),
            () if expression else tuple(names),
            expression,
            statistics[own],
            options.get("visible", True) is not False,
            RIGHT if options.get("yAxis") == RIGHT else LEFT,
        )


def _written_out(names: Sequence[Any], before: Sequence[str]) -> list[str]:
    """The names of a metric, where dots stand for those of the metric before: one for one, three for several."""
    if names[0] == "...":
        names = [*before[: len(before) - len(names) + 1], *names[1:]]
    return [before[at] if name == "." else str(name) for at, name in enumerate(names)]

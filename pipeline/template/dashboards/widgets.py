"""The body of a dashboard, from typed widgets in rows. Pure.

Source: CloudWatch API reference, "Dashboard body structure and syntax"; CloudWatch user guide, "CloudWatch service
quotas", which count what an expression reads though it is not drawn itself.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from wavetank.pipeline.metrics import Statistic

COLUMNS = 24
SIDE = 6
"""Width and height of a widget that says nothing else, in columns of the grid."""
MOST_WIDGETS = 500
MOST_METRICS = 2_500
MOST_METRICS_OF_A_WIDGET = 500
MOST_ALARMS_OF_A_WIDGET = 100

Json = dict[str, Any]

FOLDS: Mapping[Statistic, str] = {Statistic.SUM: "SUM", Statistic.MAXIMUM: "MAX", Statistic.AVERAGE: "AVG"}
"""The function of metric math that makes one line of several metrics, by the statistic that they are read by."""


class Widget(Protocol):
    """What stands in a row of a dashboard."""

    @property
    def width(self) -> int:
        """Columns of the grid."""

    @property
    def height(self) -> int:
        """Units of the grid."""

    def document(self) -> Json:
        """Its type and properties."""


@dataclass(frozen=True, slots=True)
class Source:
    """A metric of one resource, and the statistic that it is read by."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: Statistic = Statistic.SUM


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: one source, or several as one. Its values are divided by `divisor`."""

    label: str
    sources: tuple[Source, ...]
    divisor: int = 1
    on_right: bool = False

    @property
    def statistic(self) -> Statistic:
        """The statistic that its sources are read by."""
        return self.sources[0].statistic

    def entries(self, ids: Iterator[str], usual: Statistic) -> Iterator[list[Any]]:
        """The metrics of the line as a widget lists them, those of an expression hidden, the expression last.

        usual: the statistic that the widget names for all.
        """
        side = {"yAxis": "right"} if self.on_right else {}
        read = {} if self.statistic is usual else {"stat": self.statistic}
        if len(self.sources) == 1 and self.divisor == 1:
            yield [*_named(self.sources[0]), {"label": self.label, **read, **side}]
            return
        own = [next(ids) for _ in self.sources]
        for source, number in zip(self.sources, own, strict=True):
            yield [*_named(source), {"id": number, **read, "visible": False}]
        folded = own[0] if len(own) == 1 else f"{FOLDS[self.statistic]}([{','.join(own)}])"
        expression = folded if self.divisor == 1 else f"{folded}/{self.divisor}"
        yield [{"expression": expression, "label": self.label, **side}]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over time; `unit` in words, and `right` that of the lines on the right."""

    title: str
    unit: str
    lines: tuple[Line, ...]
    right: str = ""
    width: int = SIDE
    height: int = SIDE

    def document(self) -> Json:
        """A widget of type `metric`."""
        ids = (f"m{number}" for number in range(2 * MOST_METRICS_OF_A_WIDGET))
        usual = self.lines[0].statistic
        entries = [entry for line in self.lines for entry in line.entries(ids, usual)]
        axes = {"left": self.unit, **({"right": self.right} if self.right else {})}
        properties = {
            "title": self.title,
            "region": "${AWS::Region}",
            "stat": usual,
            "metrics": list(_shortened(entries)),
            "yAxis": {side: {"label": unit, "min": 0} for side, unit in axes.items()},
        }
        return {"type": "metric", "properties": properties}


@dataclass(frozen=True, slots=True)
class Note:
    """A text in Markdown over the whole width."""

    markdown: str
    width: int = COLUMNS
    height: int = 2

    def document(self) -> Json:
        """A widget of type `text`."""
        return {"type": "text", "properties": {"markdown": self.markdown}}


@dataclass(frozen=True, slots=True)
class AlarmStates:
    """The states of up to 100 alarms, by name, those that ring first."""

    title: str
    alarms: tuple[str, ...]
    width: int = COLUMNS
    height: int = 4

    def document(self) -> Json:
        """A widget of type `alarm`."""
        arn = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:"
        properties = {"title": self.title, "sortBy": "default", "alarms": [f"{arn}{name}" for name in self.alarms]}
        return {"type": "alarm", "properties": properties}


def body(rows: Sequence[Sequence[Widget]]) -> str:
    """The body of a dashboard of these rows, for `Fn::Sub`: region and account are those of its stack."""
    widgets, y = [], 0
    for row in rows:
        x = 0
        for widget in row:
            place: Json = {"x": x, "y": y}
            if widget.width != SIDE or widget.height != SIDE:
                place |= {"width": widget.width, "height": widget.height}
            widgets.append(widget.document() | place)
            x += widget.width
        y += max(widget.height for widget in row)
    return json.dumps({"start": "-PT3H", "widgets": widgets}, separators=(",", ":"))


def _named(source: Source) -> list[str]:
    return [source.namespace, source.name, *(text for dimension in source.dimensions for text in dimension)]


def _shortened(entries: Sequence[list[Any]]) -> Iterator[list[Any]]:
    """The entries without what is as in the metric before: three dots for all but the last name, one for one name."""
    before: list[str] = []
    for entry in entries:
        names = entry[:-1]
        if names and len(before) == len(names):
            dots = ["." if old == new else new for old, new in zip(before, names, strict=True)]
            yield ["...", names[-1], entry[-1]] if before[:-1] == names[:-1] else [*dots, entry[-1]]
        else:
            yield entry
        before = names or before

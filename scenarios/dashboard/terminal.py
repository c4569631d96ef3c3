"""Dashboards as text: a sparkline and a value for each series; widgets of a row are beside each other if they fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, zip_longest

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from wavetank.scenarios.dashboard.body import AlarmStates, Chart, Dashboard, Note, Undrawn
from wavetank.scenarios.dashboard.figures import Figures, Series
from wavetank.scenarios.dashboard.geometry import columns, figure
from wavetank.scenarios.dashboard.span import Span
from wavetank.scenarios.report.escaping import one_line


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that are drawn with: `blocks` from the lowest to the highest, `more` for what is left out."""

    blocks: str = "▁▂▃▄▅▆▇█"
    more: str = "…"


USUAL = Glyphs()
ASCII = Glyphs("_.-=+*%#", "~")
"""For a terminal that cannot show the others."""
LEAST = 38
"""Characters of a widget."""
BETWEEN = 2
VALUE = 15
LEAST_OF_LABEL, MOST_OF_LABEL = 12, 26
MOST_OF_SPARKLINE = 60
NO_DATA = "no data"
STYLES = {"ALARM": "bold red", "INSUFFICIENT_DATA": "yellow", "OK": "green"}


def glyphs_of(encoding: str) -> Glyphs:
    """The characters to draw with where text is written in this encoding."""
    try:
        f"{USUAL.blocks}{USUAL.more}".encode(encoding)
    except (LookupError, UnicodeEncodeError):
        return ASCII
    return USUAL


def draw(dashboard: Dashboard, figures: Figures, width: int, glyphs: Glyphs = USUAL) -> Iterator[Text]:
    """The lines of a dashboard, each of at most `width` characters but for a narrower terminal than a widget."""
    yield Text(_cut(f"{dashboard.name}  {figures.span}", width, glyphs), style="bold")
    for row in dashboard.rows:
        contents = [widget.content for widget in row]
        fitting = max(1, min((width + BETWEEN) // (LEAST + BETWEEN), len(contents)))
        each = (width + BETWEEN) // fitting - BETWEEN
        for some in batched(contents, fitting, strict=False):
            yield Text()
            cells = [list(_lines(content, figures, each, glyphs)) for content in some]
            for lines in zip_longest(*cells, fillvalue=Text()):
                yield _beside(lines, each)
    for problem in figures.problems:
        yield Text(_cut(f"incomplete: {problem}", width, glyphs), style="bold red")


def _beside(lines: Sequence[Text], width: int) -> Text:
    """Pieces in columns of this width."""
    line = Text()
    for number, piece in enumerate(lines):
        if number:
            line.append(" " * (number * (width + BETWEEN) - line.cell_len))
        line.append_text(piece)
    line.rstrip()
    return line


def _lines(content: object, figures: Figures, width: int, glyphs: Glyphs) -> Iterator[Text]:
    match content:
        case Chart():
            yield Text(_cut(content.title or "without a title", width, glyphs), style="bold")
            for series in figures.series.get(content, ()):
                yield _series(series, figures.span, width, glyphs)
        case AlarmStates():
            yield Text(_cut(content.title or "Alarms", width, glyphs), style="bold")
            for alarm in figures.alarms(content):
                yield Text(_cut(f"{alarm.state:<17} {alarm.name}", width, glyphs), style=STYLES.get(alarm.state, ""))
        case Note():
            for line in content.markdown.splitlines():
                yield Text(_cut(line, width, glyphs), style="dim")
        case Undrawn():
            yield Text(_cut(content.title or "without a title", width, glyphs), style="bold")
            yield Text(_cut(f"a widget of type {content.kind}, which is not drawn here", width, glyphs), style="dim")


def _series(series: Series, span: Span, width: int, glyphs: Glyphs) -> Text:
    """A label, a sparkline on a scale of its own, and the span as one value."""
    label = min(max(LEAST_OF_LABEL, width * 2 // 5), MOST_OF_LABEL)
    room = max(1, min(width - label - VALUE - 2, MOST_OF_SPARKLINE))
    line = Text(set_cell_size(_cut(series.label, label, glyphs), label))
    line.append(f" {sparkline(columns(series, span, room), glyphs)} ", style="cyan")
    summary = series.summary
    if summary is None:
        return line.append(f"{NO_DATA:>{VALUE}}", style="dim")
    kind, value = summary
    return line.append(f"{kind:<5}", style="dim").append(f"{figure(value, series.unit):>{VALUE - 5}}", style="bold")


def sparkline(values: Sequence[float | None], glyphs: Glyphs = USUAL) -> str:
    """A block for each value, the higher the larger, from zero to the highest; a space where there is none."""
    steps = len(glyphs.blocks) - 1
    highest = max((value for value in values if value is not None), default=0.0)

    def block(value: float) -> str:
        if value <= 0 or highest <= 0:
            return glyphs.blocks[0]
        return glyphs.blocks[min(int(value / highest * steps + 0.5), steps)]

    return "".join(" " if value is None else block(value) for value in values)


def _cut(text: str, width: int, glyphs: Glyphs) -> str:
    """The text in one line of at most this width; its end says where something is left out."""
    shown = one_line(text)
    return shown if cell_len(shown) <= width else f"{set_cell_size(shown, width - 1).rstrip()}{glyphs.more}"

"""Series in a box: where each point is, how high an axis goes, and a value in a few characters. Pure."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wavetank.scenarios.dashboard.figures import Series
from wavetank.scenarios.dashboard.span import Span

STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
"""Of a power of ten, in which an axis ends."""
MOST_GAP = 5
"""Periods from one value to the next over which a line is drawn: what happens every few minutes is one line."""
LONG = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0))
"""What seconds are told in from two of it on."""
THOUSANDS = ("", " k", " M", " G", " T")
LARGEST, LARGEST_UNSCALED = 1e15, 1e9
"""From here on a value is written as a power of ten: with the letters of thousands, and without."""
UNSCALED = ("seconds", "percent")
"""Units without letters of thousands."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The lowest and the highest value of an axis; zero is always on it."""

    bottom: float
    top: float

    @classmethod
    def of(cls, series: Sequence[Series]) -> "Scale":
        """The scale on which every value of these series is, which have one unit."""
        values = [value for line in series for _, value in line.points]
        highest, lowest, unit = max([0.0, *values]), min([0.0, *values]), series[0].unit if series else ""
        return cls(-_round_up(-lowest, unit), _round_up(highest, unit) or (0.0 if lowest else 1.0))

    def height(self, value: float) -> float:
        """Where a value is: 0 at the bottom, 1 at the top."""
        # Halves, as the difference of the largest numbers is none.
        part = (value / 2 - self.bottom / 2) / (self.top / 2 - self.bottom / 2)
        return min(max(part, 0.0), 1.0)


def _round_up(value: float, unit: str) -> float:
    """The next round number from a value that is not negative, of what it is told in; itself where there is none."""
    if value <= 0 or value < 1e-300:
        return max(value, 0.0)
    told_in = next((size for _, size in LONG if value >= 2 * size), 1.0) if unit == "seconds" else 1.0
    power = 10.0 ** math.floor(math.log10(value / told_in)) * told_in
    rounded = next((step * power for step in STEPS if step * power >= value), value)
    return rounded if math.isfinite(rounded) else value


def runs(series: Series, span: Span, scale: Scale) -> Iterator[list[tuple[float, float]]]:
    """The points of a series, x from 0 to 1 and y from 0 at the top to 1; a longer time without a value ends a run."""
    run: list[tuple[float, float]] = []
    before = None
    for time, value in series.points:
        if not span.start <= time < span.end:
            continue
        if run and before is not None and time - before > MOST_GAP * span.period_s:
            yield run
            run = []
        # A point stands for its period: it is drawn in the middle.
        x = min((time - span.start + span.period_s / 2) / span.seconds, 1.0)
        run.append((x, 1.0 - scale.height(value)))
        before = time
    if run:
        yield run


def columns(series: Series, span: Span, count: int) -> list[float | None]:
    """The highest value in each of so many equal parts of the span; None where there is none."""
    highest: list[float | None] = [None] * count
    for time, value in series.points:
        if span.start <= time < span.end:
            at = (time - span.start) * count // span.seconds
            known = highest[at]
            highest[at] = value if known is None else max(known, value)
    return highest


def figure(value: float, unit: str = "") -> str:
    """A value in its unit, in at most ten characters or so: `1.2 MB`, `350 ms`, `45 %`, `12,345`."""
    if not math.isfinite(value):
        return "none"
    if abs(value) >= (LARGEST_UNSCALED if unit in UNSCALED else LARGEST):
        return f"{value:.0e}"
    if unit == "seconds":
        return _seconds(value)
    if unit == "percent":
        return f"{_short(value)} %"
    if unit == "bytes":
        return f"{_scaled(value)}B"
    return f"{value:,.0f}" if abs(value) < 1e5 and value == round(value) else _scaled(value).rstrip()


def _seconds(value: float) -> str:
    size = abs(value)
    if 0 < size < 1:
        return f"{_short(value * 1_000)} ms"
    for name, unit in LONG:
        if size >= 2 * unit:
            return f"{_short(value / unit)} {name}"
    return f"{_short(value)} s"


def _scaled(value: float) -> str:
    """A value with the letter of a power of a thousand, and a space where there is none."""
    power = 0
    while abs(value) >= 999.5 and power < len(THOUSANDS) - 1:
        value, power = value / 1_000, power + 1
    return f"{_short(value)}{THOUSANDS[power] or ' '}"


def _short(value: float) -> str:
    """Three digits or so."""
    size = abs(value)
    digits = 0 if size >= 99.95 or value == round(value) else 1 if size >= 9.995 else 2
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return "0" if text == "-0" else text

"""The table of metrics keeps to CloudWatch's rules, and the page of operations has it."""

from pathlib import Path

from wavetank.pipeline.metrics import METRICS, Metric

PAGE = "operations.md"
HEAD = ("| Metric | Unit, statistic | Dimensions | Functions | Meaning |", "| --- | --- | --- | --- | --- |")
MOST_DIMENSIONS = 3
"""CloudWatch Logs user guide, "Creating metrics from log events using filters"."""


def row(metric: Metric) -> str:
    """The row of a metric, as the page has it."""
    dimensions = ", ".join(f"`{each}`" for each in metric.dimensions) or "none"
    functions = "each" if len(metric.handlers) == len(type(metric.handlers[0])) else ", ".join(metric.handlers)
    reading = f"{metric.unit}, {metric.statistic}"
    return f"| `{metric.name}` | {reading} | {dimensions} | {functions} | {metric.meaning} |"


def test_the_page_has_every_metric_as_it_is(root: Path) -> None:
    lines = (root / "docs" / PAGE).read_text().splitlines()
    start = lines.index(HEAD[0])
    table = [line for line in lines[start:] if line.startswith("| `")][: len(METRICS)]
    assert table == [row(metric) for metric in METRICS], "\n".join([*HEAD, *map(row, METRICS)])
    assert lines[start + len(HEAD) + len(METRICS)] == ""


def test_no_two_metrics_have_one_name_and_none_has_more_dimensions_than_a_filter_takes() -> None:
    names = [metric.name for metric in METRICS]
    assert sorted(names) == sorted(set(names))
    assert max(len(metric.dimensions) for metric in METRICS) <= MOST_DIMENSIONS

"""Lines of charts, from the tables of metrics and the names of what is deployed. Pure."""

from wavetank.pipeline.metrics import Metric
from wavetank.pipeline.names import Names
from wavetank.pipeline.template.dashboards.widgets import Line, Source
from wavetank.pipeline.template.service_metrics import ServiceMetric

RECORDS, BYTES, SECONDS, TIMES, PERCENT = "records", "bytes", "seconds", "times", "percent"
"""Units of axes, in words."""


def of_service(metric: ServiceMetric, *resources: str, label: str, on_right: bool = False) -> Line:
    """A line of a service's metric: of one resource, or of several as one."""
    sources = tuple(
        Source(metric.namespace, metric.name, ((metric.dimension, name),), metric.statistic) for name in resources
    )
    return Line(label, sources, metric.divisor, on_right)


def own(names: Names, metric: Metric, *values: str, label: str, on_right: bool = False) -> Line:
    """A line of a metric of the pipeline's own: of one value of its dimension, or of several as one."""
    dimensions = [tuple((str(dimension), value) for dimension in metric.dimensions) for value in values or ("",)]
    sources = tuple(Source(names.metrics, metric.name, each, metric.statistic) for each in dimensions)
    return Line(label, sources, on_right=on_right)


def shared(names: Names) -> dict[str, str]:
    """The functions that event types share, by what they are called in a legend."""
    return {
        "partitioner": names.partitioner,
        "replayer": names.replayer,
        "planner": names.planner,
        "concatenator": names.concatenator,
        "rescuer": names.rescuer,
    }

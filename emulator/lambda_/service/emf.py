"""The Embedded Metric Format: metrics that a function reports by writing a JSON object to its log. Pure.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NoReturn

MARK = '"_aws"'
MAX_DIMENSIONS = 30
MAX_METRICS = 100
MAX_VALUES = 100
MAX_NAME = 1024
"""Characters of a namespace, a name of a metric, a dimension and its value."""

NO_UNIT = "None"


class Resolution(IntEnum):
    """The fineness of a metric that is kept, in seconds."""

    HIGH = 1
    STANDARD = 60


@dataclass(frozen=True)
class Metric:
    """A metric as it was measured under one set of dimensions, at a time in milliseconds since the epoch."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]
    unit: str
    at_ms: int
    resolution: Resolution = Resolution.STANDARD


def metrics_of(line: str) -> list[Metric]:
    """The metrics embedded in one line of a log.

    Most lines embed none. What breaks a rule of the format gives no metric, as on AWS: the line stays a line.
    """
    if MARK not in line or not line.lstrip().startswith("{"):
        return []
    try:
        document = json.loads(line, parse_constant=_refuse)
        about = document["_aws"]
        directives, timestamp = about["CloudWatchMetrics"], about["Timestamp"]
        if not isinstance(timestamp, int | float) or isinstance(timestamp, bool):
            raise TypeError("not a time")
        return [metric for directive in directives for metric in _follow(directive, document, int(timestamp))]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def _follow(directive: Mapping[str, Any], document: Mapping[str, Any], at_ms: int) -> Iterator[Metric]:
    """The metrics of one directive, each under every set of dimensions."""
    namespace = _name(directive["Namespace"])
    definitions = directive["Metrics"]
    if len(definitions) > MAX_METRICS:
        raise ValueError("too many metrics")
    sets: list[tuple[tuple[str, str], ...]] = []
    for names in directive["Dimensions"]:
        if len(names) > MAX_DIMENSIONS:
            raise ValueError("too many dimensions")
        sets.append(tuple((_name(name), _name(document[name])) for name in names))
    for definition in definitions:
        name = _name(definition["Name"])
        if name not in document:
            continue
        values = document[name] if isinstance(document[name], list) else [document[name]]
        if not 0 < len(values) <= MAX_VALUES:
            raise ValueError("too many values")
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            raise TypeError("not a number")
        unit = _name(definition.get("Unit", NO_UNIT))
        resolution = Resolution(definition.get("StorageResolution", Resolution.STANDARD))
        for dimensions in sets or [()]:
            yield Metric(
                namespace=namespace,
                name=name,
                dimensions=dimensions,
                values=tuple(map(float, values)),
                unit=unit,
                at_ms=at_ms,
                resolution=resolution,
            )


def _name(text: object) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= MAX_NAME:
        raise ValueError("not a name")
    return text


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError(constant)

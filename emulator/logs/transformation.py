"""The metric that a filter makes of the events that match its pattern: name, value, unit and dimensions. Pure.

Source: CloudWatch Logs API reference, MetricTransformation, and user guide, "Configuring metric values for a metric
filter" and "Publishing dimensions with metrics from values in JSON or space-delimited log events".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wavetank.emulator.logs.filter_pattern import Event, Pattern, parse
from wavetank.emulator.logs.filter_pattern.comparison import number_of

MOST_DIMENSIONS = 3
LONGEST_VALUE = 255
"""Characters of a dimension's value; a longer one is no dimension."""
NAMESPACE = re.compile(r"[0-9A-Za-z.\-_/#:]{1,255}")
METRIC_NAME = re.compile(r"[^:*$]{1,255}")
NO_UNIT = "None"


class InvalidTransformation(ValueError):
    """A transformation breaks a rule; the message says which."""


@dataclass(frozen=True, slots=True)
class Series:
    """The name of a metric under one set of dimensions."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str


@dataclass(frozen=True)
class Transformation:
    """A metric and where its values come from: a number, or a reference to a part of an event."""

    namespace: str
    name: str
    value: str
    unit: str = NO_UNIT
    default: float | None = None
    dimensions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pattern: Pattern, given: Mapping[str, Any]) -> "Transformation":
        """The transformation that a request gives a pattern. Raises InvalidTransformation."""
        dimensions = tuple((given.get("dimensions") or {}).items())
        default = given.get("defaultValue")
        transformation = cls(
            namespace=str(given.get("metricNamespace") or ""),
            name=str(given.get("metricName") or ""),
            value=str(given.get("metricValue") or ""),
            unit=str(given.get("unit") or NO_UNIT),
            default=None if default is None else float(default),
            dimensions=dimensions,
        )
        transformation._check(pattern)
        return transformation

    def _check(self, pattern: Pattern) -> None:
        for rule, text, what in ((NAMESPACE, self.namespace, "namespace"), (METRIC_NAME, self.name, "name")):
            if not rule.fullmatch(text):
                raise InvalidTransformation(f"'{text}' is not a valid metric {what}.")
        if self.dimensions and self.default is not None:
            raise InvalidTransformation("dimensions and default value are mutually exclusive properties.")
        if len(self.dimensions) > MOST_DIMENSIONS:
            raise InvalidTransformation(f"a metric can have at most {MOST_DIMENSIONS} dimensions.")
        if self.number is None and not pattern.takes(self.value):
            raise InvalidTransformation(
                f"metricValue '{self.value}' is neither a number nor a field or column of the filter pattern."
            )
        for name, reference in self.dimensions:
            if not pattern.takes(reference):
                raise InvalidTransformation(
                    f"the value '{reference}' of dimension '{name}' is no field or column of the filter pattern."
                )

    @cached_property
    def number(self) -> float | None:
        """The value of each match, where it is a number."""
        return number_of(self.value)

    def of_match(self, pattern: Pattern, event: Event) -> tuple[Series, float] | None:
        """The datum of an event that matches; None where its value is no number, or it lacks a dimension."""
        number = self.number
        if number is None:
            number = number_of(pattern.value(event, self.value))
        dimensions = []
        for name, reference in self.dimensions:
            value = pattern.value(event, reference)
            text = "" if value is None else str(value)
            if not text.strip() or len(text) > LONGEST_VALUE:
                return None
            dimensions.append((name, text))
        if number is None:
            return None
        return Series(self.namespace, self.name, tuple(dimensions), self.unit), number

    def of_other(self) -> tuple[Series, float] | None:
        """The datum of an event that does not match: the default value, where there is one."""
        return None if self.default is None else (Series(self.namespace, self.name, (), self.unit), self.default)


@dataclass(frozen=True)
class MetricFilter:
    """A pattern, and the metrics that are made of the events that match."""

    pattern: Pattern
    transformations: Sequence[Transformation]

    @classmethod
    def of(cls, pattern: str, transformations: Iterable[Mapping[str, Any]]) -> "MetricFilter":
        """The filter that a request describes. Raises InvalidPattern, InvalidTransformation."""
        parsed = parse(pattern)
        return cls(parsed, tuple(Transformation.of(parsed, given) for given in transformations))

    def data(self, event: Event) -> list[tuple[Series, float]]:
        """The data that an event gives."""
        if self.pattern.matches(event):
            data = [transformation.of_match(self.pattern, event) for transformation in self.transformations]
        else:
            data = [transformation.of_other() for transformation in self.transformations]
        return [datum for datum in data if datum is not None]

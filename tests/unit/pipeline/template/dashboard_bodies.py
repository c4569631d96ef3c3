"""The structure of a dashboard's body, as CloudWatch documents it, and what its short forms stand for.

Source: CloudWatch API reference, "Dashboard body structure and syntax": the properties of text, metric and alarm
widgets, "Format for each metric in the array". What the template has no use for is left out, so that a new use of it
fails here first and is looked up.
"""

import json
from collections.abc import Iterator
from typing import Any

from wavetank.pipeline.template.dashboards.widgets import MOST_ALARMS_OF_A_WIDGET, MOST_METRICS_OF_A_WIDGET

SIDE = {
    "type": "object",
    "properties": {"label": {"type": "string"}, "min": {"type": "number"}, "max": {"type": "number"}},
    "additionalProperties": False,
}
OPTIONS = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "id": {"type": "string", "pattern": "^[a-z][A-Za-z0-9_]*$"},
        "stat": {"enum": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]},
        "visible": {"type": "boolean"},
        "yAxis": {"enum": ["left", "right"]},
        "expression": {"type": "string", "minLength": 1, "maxLength": 2048},
    },
    "additionalProperties": False,
}
METRIC = {
    "type": "array",
    "oneOf": [
        {"minItems": 1, "maxItems": 1, "items": {**OPTIONS, "required": ["expression"]}},
        {
            "minItems": 3,
            "items": {"oneOf": [{"type": "string"}, {**OPTIONS, "not": {"required": ["expression"]}}]},
        },
    ],
}
OF_METRICS = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "region": {"const": "${AWS::Region}"},
        "stat": OPTIONS["properties"]["stat"],  # type: ignore[index]
        "metrics": {"type": "array", "minItems": 1, "maxItems": MOST_METRICS_OF_A_WIDGET, "items": METRIC},
        "yAxis": {"type": "object", "properties": {"left": SIDE, "right": SIDE}, "additionalProperties": False},
    },
    "required": ["title", "region", "metrics"],
    "additionalProperties": False,
}
OF_ALARMS = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "minLength": 1},
        "sortBy": {"enum": ["default", "stateUpdatedTimestamp", "timestamp"]},
        "alarms": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ALARMS_OF_A_WIDGET,
            "items": {"type": "string", "pattern": "^arn:"},
        },
    },
    "required": ["alarms"],
    "additionalProperties": False,
}
OF_TEXT = {
    "type": "object",
    "properties": {"markdown": {"type": "string", "minLength": 1}},
    "required": ["markdown"],
    "additionalProperties": False,
}
GRID = {
    "x": {"type": "integer", "minimum": 0, "maximum": 23},
    "y": {"type": "integer", "minimum": 0},
    "width": {"type": "integer", "minimum": 1, "maximum": 24},
    "height": {"type": "integer", "minimum": 1, "maximum": 1000},
}
WIDGETS = [
    {
        "type": "object",
        "properties": {"type": {"const": kind}, "properties": properties, **GRID},
        "required": ["type", "properties"],
        "additionalProperties": False,
    }
    for kind, properties in (("metric", OF_METRICS), ("alarm", OF_ALARMS), ("text", OF_TEXT))
]
BODY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "start": {"type": "string", "pattern": r"^-P(T\d+[HM]|\d+[DWM])$"},
        "widgets": {"type": "array", "maxItems": 500, "items": {"oneOf": WIDGETS}},
    },
    "required": ["widgets"],
    "additionalProperties": False,
}
"""A body as the template has it, before `Fn::Sub`."""

Names = tuple[str, ...]


def bodies(templates: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The body of each dashboard of these templates by its name."""
    return {
        resource["Properties"]["DashboardName"]: json.loads(resource["Properties"]["DashboardBody"]["Fn::Sub"])
        for template in templates.values()
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::CloudWatch::Dashboard"
    }


def written_out(metrics: list[list[Any]]) -> Iterator[tuple[Names, dict[str, Any]]]:
    """Namespace, name and dimensions of each metric of a widget, with its options; of an expression no names."""
    before: Names = ()
    for entry in metrics:
        names, options = (entry[:-1], entry[-1]) if isinstance(entry[-1], dict) else (entry, {})
        if names and names[0] == "...":
            names = [*before[: len(before) - len(names) + 1], *names[1:]]
        names = [before[at] if name == "." else name for at, name in enumerate(names)]
        before = tuple(names) or before
        yield tuple(names), options

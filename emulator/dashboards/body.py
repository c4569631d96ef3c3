"""The rules of a dashboard's body, and the messages about what breaks them. Pure.

Source: CloudWatch API reference, "Dashboard Body Structure and Syntax" and PutDashboard.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

MOST_WIDGETS = 500
MOST_VARIABLES = 25
MOST_ALARMS = 100
MOST_DIMENSIONS = 30
COLUMNS = 24
LONGEST_HEIGHT = 1000

TEXT: Mapping[str, Any] = {"type": "string"}
NUMBER: Mapping[str, Any] = {"type": "number"}
FLAG: Mapping[str, Any] = {"type": "boolean"}
TIME: Mapping[str, Any] = {"type": "string"}


@dataclass(frozen=True)
class Message:
    """A message about the part of a body at `path`, such as `/widgets/0/properties`; a warning refuses nothing."""

    path: str
    text: str
    is_warning: bool = False


def _choice(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


def _list(items: Mapping[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": items, **limits}


def _object(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object: other properties are ignored by CloudWatch, which warns of them."""
    return {"type": "object", "required": list(required), "properties": properties, "additionalProperties": False}


AXIS = _object(label=TEXT, min=NUMBER, max=NUMBER, showUnits=FLAG)
MARK = _object(
    ("value",),
    value={"type": ["number", "string"]},
    label=TEXT,
    color=TEXT,
    fill=_choice("above", "below", "between", "before", "after"),
    visible=FLAG,
    yAxis=_choice("left", "right"),
)
MARKS = _list({"anyOf": [MARK, _list(MARK, minItems=2, maxItems=2)]})
PERIOD: Mapping[str, Any] = {
    "type": "integer",
    "anyOf": [{"enum": [1, 5, 10, 20, 30]}, {"minimum": 60, "multipleOf": 60}],
}
RENDERING: Mapping[str, Any] = {
    "expression": TEXT,
    "id": {"type": "string", "pattern": "^[a-z][a-zA-Z0-9_]*$"},
    "label": TEXT,
    "color": TEXT,
    "period": PERIOD,
    "stat": TEXT,
    "visible": FLAG,
    "yAxis": _choice("left", "right"),
    "region": TEXT,
    "accountId": TEXT,
    "searchAccount": TEXT,
}
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
METRIC = _object(
    ("region",),
    metrics=_list({"type": "array", "minItems": 1, "maxItems": 3 + 2 * MOST_DIMENSIONS}),
    region=TEXT,
    accountId=TEXT,
    annotations=_object(horizontal=MARKS, vertical=MARKS, alarms=_list(TEXT, maxItems=1)),
    legend=_object(position=_choice("right", "bottom", "hidden")),
    liveData=FLAG,
    period=PERIOD,
    stat=TEXT,
    view=_choice(*VIEWS),
    stacked=FLAG,
    sparkline=FLAG,
    setPeriodToTimeRange=FLAG,
    singleValueFullPrecision=FLAG,
    start=TIME,
    end=TIME,
    timezone=TEXT,
    title=TEXT,
    trend=FLAG,
    labels=_object(visible=FLAG),
    table={"type": "object"},
    yAxis=_object(left=AXIS, right=AXIS),
)
PROPERTIES: Mapping[str, Mapping[str, Any]] = {
    "metric": METRIC,
    "text": _object(("markdown",), markdown=TEXT, background=_choice("solid", "transparent")),
    "alarm": _object(
        ("alarms",),
        alarms=_list(TEXT, minItems=1, maxItems=MOST_ALARMS),
        sortBy=_choice("default", "stateUpdatedTimestamp", "timestamp"),
        states=_list(_choice("ALARM", "INSUFFICIENT_DATA", "OK")),
        title=TEXT,
    ),
    "log": _object(
        ("query", "region"),
        query=TEXT,
        queryLanguage=TEXT,
        region=TEXT,
        accountId=TEXT,
        title=TEXT,
        stacked=FLAG,
        view=_choice("table", "timeSeries", "bar", "pie"),
    ),
    "custom": _object(
        ("endpoint",),
        endpoint=TEXT,
        params={},
        title=TEXT,
        updateOn=_object(refresh=FLAG, resize=FLAG, timeRange=FLAG),
    ),
    "explorer": {"type": "object", "required": ["metrics", "labels"]},
    "chart": {"type": "object"},
    "trace": {"type": "object"},
}
"""The properties of each type of widget."""
WIDGET = _object(
    ("type", "properties"),
    type=_choice(*PROPERTIES),
    x={"type": "integer", "minimum": 0, "maximum": COLUMNS - 1},
    y={"type": "integer", "minimum": 0},
    width={"type": "integer", "minimum": 1, "maximum": COLUMNS},
    height={"type": "integer", "minimum": 1, "maximum": LONGEST_HEIGHT},
    properties={"type": "object"},
)
VARIABLE = _object(
    ("type", "id", "inputType"),
    type=_choice("property", "pattern"),
    id=TEXT,
    inputType=_choice("input", "select", "radio"),
    property=TEXT,
    pattern=TEXT,
    label=TEXT,
    visible=FLAG,
    search=TEXT,
    populateFrom=TEXT,
    defaultValue={},
    values=_list({"type": "object"}),
)
BODY = _object(
    ("widgets",),
    widgets=_list(WIDGET, maxItems=MOST_WIDGETS),
    variables=_list(VARIABLE, maxItems=MOST_VARIABLES),
    start=TIME,
    end=TIME,
    periodOverride=_choice("auto", "inherit"),
)
OPTIONS = _object(**RENDERING)


def messages(body: str) -> list[Message]:
    """The messages about a body, those that refuse it first; none where it is as it should be."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return [Message("", "The field DashboardBody must be a valid JSON object")]
    if not isinstance(document, dict):
        return [Message("", "The field DashboardBody must be a valid JSON object")]
    told = list(_broken(BODY, document, ""))
    widgets = document.get("widgets")
    for number, widget in enumerate(widgets if isinstance(widgets, list) else ()):
        if isinstance(widget, dict) and isinstance(widget.get("properties"), dict):
            told += _of_widget(widget, f"/widgets/{number}")
    return sorted(told, key=lambda message: message.is_warning)


def _of_widget(widget: Mapping[str, Any], path: str) -> Iterator[Message]:
    kind, properties = widget.get("type"), widget["properties"]
    schema = PROPERTIES.get(kind) if isinstance(kind, str) else None
    if ("x" in widget) != ("y" in widget):
        yield Message(path, "Should have both properties 'x' and 'y' or none of them")
    if schema is not None:
        yield from _broken(schema, properties, f"{path}/properties")
    if kind == "metric":
        metrics, annotations = properties.get("metrics"), properties.get("annotations")
        if metrics is None and not (isinstance(annotations, dict) and annotations.get("alarms")):
            yield Message(f"{path}/properties", "Should have required property 'metrics'")
        for number, metric in enumerate(metrics if isinstance(metrics, list) else ()):
            if isinstance(metric, list):
                yield from _of_metric(metric, f"{path}/properties/metrics/{number}")


def _of_metric(metric: list[Any], path: str) -> Iterator[Message]:
    """The messages about one metric: namespace, name, names and values of dimensions, options; or an expression."""
    parts = list(metric)
    options = parts.pop() if parts and isinstance(parts[-1], dict) else {}
    yield from _broken(OPTIONS, options, f"{path}/{len(parts)}")
    if not parts:
        if metric and "expression" not in options:
            yield Message(path, "Should have a namespace and a name, or an expression")
        return
    if any(not isinstance(part, str) for part in parts):
        yield Message(path, "Should have texts before the rendering properties")
    elif len(parts) < 2:
        yield Message(path, "Should NOT have fewer than 2 items")
    elif len(parts) % 2:
        yield Message(path, "Should have a value for each dimension")


def _broken(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[Message]:
    for error in _validator(json.dumps(schema)).iter_errors(value):
        where = path + "".join(f"/{part}" for part in error.absolute_path)
        yield Message(where, _text(error), is_warning=error.validator == "additionalProperties")


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema))


def _text(error: ValidationError) -> str:
    """The message of an error, in CloudWatch's words."""
    rule = error.validator_value
    match error.validator:
        case "required":
            missing = re.search("'(.*)' is a required property", error.message)
            return f"Should have required property '{missing[1] if missing else ''}'"
        case "enum":
            return f"Should be equal to one of the allowed values: {', '.join(map(str, rule))}"
        case "type":
            return f"Should be {rule if isinstance(rule, str) else ' or '.join(rule)}"
        case "minimum":
            return f"Should be >= {rule}"
        case "maximum":
            return f"Should be <= {rule}"
        case "minItems":
            return f"Should NOT have fewer than {rule} items"
        case "maxItems":
            return f"Should NOT have more than {rule} items"
        case "pattern":
            return f'Should match pattern "{rule}"'
        case "additionalProperties":
            return "Should NOT have additional properties"
    return f"Should match the structure of a dashboard: {error.message[:200]}"

"""Faults from JSON: the only way in, which refuses what does not exist and lists what does.

    {"id": "lossy", "point": "s3.notification", "action": "drop", "match": {"key": "chunks/click/*"},
     "when": {"probability": 0.1}, "seed": 7, "parameters": {}}

Only `point` and `action` are required.
"""

from collections.abc import Iterable, Mapping

from wavetank.emulator.faults.model import Fault, InvalidFaultError, Value, When, Window
from wavetank.emulator.faults.points import POINTS, Action, Deed, FaultPoint, Parameter
from wavetank.emulator.runtime.clock import MARGIN_S

LONGEST_TEXT = 4096


def parse(document: object, default_id: str) -> Fault:
    """The fault that a JSON document describes; `default_id` names it when the document does not.

    Raises InvalidFaultError for an unknown point, action, field, condition or parameter, and for a
    value out of range.
    """
    given = _mapping(document, "a fault")
    _known(given, ("id", "point", "action", "match", "when", "seed", "parameters"), "field", "a fault")
    point = _point(given.get("point"))
    action = _action(point, given.get("action"))
    deed = point.deeds[action]
    return Fault(
        id=_identifier(given.get("id", default_id)),
        point=point.name,
        action=action,
        match=_match(point, given.get("match") or {}),
        when=_when(given.get("when") or {}),
        seed=_seed(given.get("seed", 0)),
        parameters=_parameters(f"{point.name} {action}", deed, given.get("parameters") or {}),
    )


def _point(name: object) -> FaultPoint:
    if not isinstance(name, str) or name not in POINTS:
        raise InvalidFaultError(f"there is no fault point {name!r}; there are: {_listed(POINTS)}")
    return POINTS[name]


def _action(point: FaultPoint, name: object) -> Action:
    if name not in list(point.deeds):
        raise InvalidFaultError(f"{point.name} has no action {name!r}; it has: {_listed(point.deeds)}")
    return Action(str(name))


def _identifier(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise InvalidFaultError(f"id must be a text that is not empty, got {given!r}")
    return _text("id", given)


def _seed(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool):
        raise InvalidFaultError(f"seed must be a whole number, got {given!r}")
    return given


def _match(point: FaultPoint, given: object) -> dict[str, str]:
    patterns = _mapping(given, "match")
    _known(patterns, point.fields, "field to match by", point.name)
    for name, pattern in patterns.items():
        if not isinstance(pattern, str):
            raise InvalidFaultError(f"match.{name} must be a pattern such as 'chunks/*', got {pattern!r}")
        if len(pattern) > LONGEST_TEXT:
            raise InvalidFaultError(f"match.{name} must have at most {LONGEST_TEXT} characters, got {len(pattern)}")
    return {name: str(pattern) for name, pattern in patterns.items()}


def _when(given: object) -> When:
    conditions = _mapping(given, "when")
    _known(conditions, ("nth", "every", "probability", "count", "window"), "condition", "when")
    return When(
        nth=_nth(conditions.get("nth")),
        every=_at_least_one("when.every", conditions.get("every")),
        probability=_probability(conditions.get("probability")),
        count=_at_least_one("when.count", conditions.get("count")),
        window=_window(conditions.get("window")),
    )


def _nth(given: object) -> frozenset[int]:
    if given is None:
        return frozenset()
    numbers = given if isinstance(given, list) else [given]
    if not numbers:
        raise InvalidFaultError("when.nth must name at least one event, counted from 1; leave it out for all")
    return frozenset(_at_least_one("when.nth", number) or 0 for number in numbers)


def _at_least_one(name: str, given: object) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise InvalidFaultError(f"{name} must be a whole number of at least 1, got {given!r}")
    return given


def _probability(given: object) -> float | None:
    if given is None:
        return None
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 <= given <= 1:
        raise InvalidFaultError(f"when.probability must be a number from 0 to 1, got {given!r}")
    return float(given)


def _window(given: object) -> Window | None:
    if given is None:
        return None
    if not isinstance(given, list | tuple) or len(given) != 2 or not all(_is_number(edge) for edge in given):
        raise InvalidFaultError(f"when.window must be [start_s, end_s], two numbers of at most a year, got {given!r}")
    start_s, end_s = float(given[0]), float(given[1])
    if not 0 <= start_s < end_s:
        raise InvalidFaultError(f"when.window must start at 0 or later and end later still, got {given!r}")
    return Window(start_s, end_s)


def _parameters(owner: str, deed: Deed, given: object) -> dict[str, Value]:
    values = _mapping(given, "parameters")
    known = {parameter.name: parameter for parameter in deed.parameters}
    _known(values, known, "parameter", owner)
    return {name: _value(parameter, values.get(name)) for name, parameter in known.items()}


def _value(parameter: Parameter, given: object) -> Value:
    name, default = f"parameters.{parameter.name}", parameter.default
    if given is None:
        return default
    if isinstance(default, str):
        return _text(name, given, "\n\t" if parameter.name == "message" else "")
    kind = (int,) if isinstance(default, int) else (int, float)
    if not isinstance(given, kind) or isinstance(given, bool) or not _in_range(parameter, given):
        expected = "a whole number" if isinstance(default, int) else "a number"
        raise InvalidFaultError(f"{name} must be {expected} {_range(parameter)}, got {given!r}")
    return type(default)(given)


def _text(name: str, given: object, breaks: str = "") -> str:
    """What an answer can carry in a header or in XML; `breaks` may be in it too."""
    if not isinstance(given, str):
        raise InvalidFaultError(f"{name} must be a text, got {given!r}")
    if len(given) > LONGEST_TEXT or not all(character.isprintable() or character in breaks for character in given):
        raise InvalidFaultError(f"{name} must be a text of at most {LONGEST_TEXT} characters, all of them printable")
    return given


def _in_range(parameter: Parameter, given: float) -> bool:
    return given == parameter.default or parameter.least <= given <= parameter.most


def _range(parameter: Parameter) -> str:
    return f"from {parameter.least:g} to {parameter.most:.0f}"


def _mapping(given: object, name: str) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise InvalidFaultError(f"{name} must be a JSON object, got {given!r}")
    return {str(key): value for key, value in given.items()}


def _known(given: Iterable[str], known: Iterable[str], kind: str, owner: str) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise InvalidFaultError(f"{owner} has no {kind} {name!r}; it has: {_listed(names)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(str(name) for name in names)) or "none"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MARGIN_S

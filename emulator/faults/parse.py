"""Faults from JSON, the only way in: a name that does not exist is refused with the list of those that do.

    {"id": "lossy", "point": "s3.notification", "action": "drop", "match": {"key": "chunks/click/*"},
     "when": {"probability": 0.1}, "seed": 7, "parameters": {}}

Only `point` and `action` are required.
"""

from collections.abc import Iterable, Mapping
from typing import TypeGuard

from wavetank.emulator.faults.model import Fault, InvalidFaultError, Value, When, Window
from wavetank.emulator.faults.points import POINTS, Action, FaultPoint, Parameter
from wavetank.emulator.runtime.clock import MARGIN_S

LONGEST_TEXT = 4096


def parse(document: object, default_id: str) -> Fault:
    """The fault that a JSON document describes; `default_id` names it when the document does not.

    Raises InvalidFaultError for an unknown point, action, field, condition or parameter, and for a
    value out of range.
    """
    given = _mapping(document, "a fault")
    _check_names(given, ("id", "point", "action", "match", "when", "seed", "parameters"), "field", "a fault")
    name = given.get("point")
    if not isinstance(name, str) or name not in POINTS:
        raise InvalidFaultError(f"there is no fault point {name!r}; there are: {_listed(POINTS)}")
    point = POINTS[name]
    action = given.get("action")
    if action not in list(point.actions):
        raise InvalidFaultError(f"{point.name} has no action {action!r}; it has: {_listed(point.actions)}")
    action = Action(str(action))
    fault_id = given.get("id", default_id)
    if not isinstance(fault_id, str) or not fault_id.strip():
        raise InvalidFaultError(f"id must be a text that is not empty, got {fault_id!r}")
    fault_id = _text("id", fault_id)
    match, when = _match(point, given.get("match") or {}), _when(given.get("when") or {})
    seed = given.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise InvalidFaultError(f"seed must be a whole number, got {seed!r}")
    effect, values = point.actions[action], _mapping(given.get("parameters") or {}, "parameters")
    _check_names(values, [parameter.name for parameter in effect.parameters], "parameter", f"{point.name} {action}")
    return Fault(
        id=fault_id,
        point=point.name,
        action=action,
        match=match,
        when=when,
        seed=seed,
        parameters={
            parameter.name: _parameter(parameter, values.get(parameter.name)) for parameter in effect.parameters
        },
    )


def _match(point: FaultPoint, given: object) -> dict[str, str]:
    patterns = _mapping(given, "match")
    _check_names(patterns, point.fields, "field to match by", point.name)
    for name, pattern in patterns.items():
        if not isinstance(pattern, str):
            raise InvalidFaultError(f"match.{name} must be a pattern such as 'chunks/*', got {pattern!r}")
        if len(pattern) > LONGEST_TEXT:
            raise InvalidFaultError(f"match.{name} must have at most {LONGEST_TEXT} characters, got {len(pattern)}")
    return {name: str(pattern) for name, pattern in patterns.items()}


def _when(given: object) -> When:
    conditions = _mapping(given, "when")
    _check_names(conditions, ("nth", "every", "probability", "count", "window"), "condition", "when")
    nth, probability = conditions.get("nth"), conditions.get("probability")
    if nth == []:
        raise InvalidFaultError("when.nth must name at least one event, counted from 1; leave it out for all")
    numbers = [] if nth is None else nth if isinstance(nth, list) else [nth]
    places = frozenset(_at_least_one("when.nth", number) or 0 for number in numbers)
    every = _at_least_one("when.every", conditions.get("every"))
    if probability is not None and (not _is_number(probability) or not 0 <= probability <= 1):
        raise InvalidFaultError(f"when.probability must be a number from 0 to 1, got {probability!r}")
    return When(
        nth=places,
        every=every,
        probability=None if probability is None else float(probability),
        count=_at_least_one("when.count", conditions.get("count")),
        window=_window(conditions.get("window")),
    )


def _at_least_one(name: str, given: object) -> int | None:
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise InvalidFaultError(f"{name} must be a whole number of at least 1, got {given!r}")
    return given


def _window(given: object) -> Window | None:
    if given is None:
        return None
    edges = given if isinstance(given, list | tuple) else ()
    if len(edges) != 2 or not all(_is_number(edge) and abs(edge) <= MARGIN_S for edge in edges):
        raise InvalidFaultError(f"when.window must be [start_s, end_s], two numbers of at most a year, got {given!r}")
    start_s, end_s = map(float, edges)
    if not 0 <= start_s < end_s:
        raise InvalidFaultError(f"when.window must start at 0 or later and end later still, got {given!r}")
    return Window(start_s, end_s)


def _parameter(parameter: Parameter, value: object) -> Value:
    name, default = f"parameters.{parameter.name}", parameter.default
    if value is None:
        return default
    if isinstance(default, str):
        return _text(name, value, breaks="\n\t" if parameter.name == "message" else "")
    is_whole = isinstance(default, int)
    if (
        not _is_number(value)
        or (is_whole and not isinstance(value, int))
        or not (value == default or parameter.least <= value <= parameter.most)
    ):
        kind = "a whole number" if is_whole else "a number"
        raise InvalidFaultError(
            f"{name} must be {kind} from {parameter.least:g} to {parameter.most:.0f}, got {value!r}"
        )
    return type(default)(value)


def _text(name: str, given: object, breaks: str = "") -> str:
    """A text that an answer can carry in a header or in XML; it may have the characters of `breaks` too."""
    if not isinstance(given, str):
        raise InvalidFaultError(f"{name} must be a text, got {given!r}")
    if len(given) > LONGEST_TEXT or not all(character.isprintable() or character in breaks for character in given):
        raise InvalidFaultError(f"{name} must be a text of at most {LONGEST_TEXT} characters, all of them printable")
    return given


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(given: object, name: str) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise InvalidFaultError(f"{name} must be a JSON object, got {given!r}")
    return {str(key): value for key, value in given.items()}


def _check_names(given: Iterable[str], allowed: Iterable[str], kind: str, owner: str) -> None:
    names = list(allowed)
    for name in given:
        if name not in names:
            raise InvalidFaultError(f"{owner} has no {kind} {name!r}; it has: {_listed(names)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(str(name) for name in names)) or "none"

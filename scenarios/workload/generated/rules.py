"""Values that keep a rule of an event type, as docs/enrichment.md states rules: for events that are generated of it.

Pure. A pattern is read by Python's own parser of regular expressions, and a text drawn along it. What a pattern only
looks at (a look-ahead, a boundary) is not heeded, so that a text may break it after all.
"""

import importlib
import random
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from wavetank.scenarios.oracle.avro import Type
from wavetank.scenarios.workload.generated.values import MalformedError

Rule = Mapping[str, Any]

SPREAD = 1000
"""How far values are drawn from the one bound of a rule that has no other."""
MOST_REPEATS = 5
"""How often what may be repeated is, beyond the least that a pattern asks for."""
_ANY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_"
_CATEGORIES = {"CATEGORY_DIGIT": "0123456789", "CATEGORY_WORD": _ANY[:62] + "_", "CATEGORY_SPACE": " "}
_parser: Any = importlib.import_module("re._parser")
"""The parser of `re`: there is no public one (CPython, Lib/re/_parser.py)."""


def keeping(rng: random.Random, rule: Rule, avro: Type) -> Any:
    """A value of the type, plain, that keeps the rule. Raises MalformedError for one that has no bounds."""
    if avro["type"] == "union":
        avro = next(branch for branch in avro["branches"] if branch["type"] != "null")
    if "allowed" in rule:
        return rng.choice(rule["allowed"])
    if "pattern" in rule:
        return _text(rng, _parser.parse(rule["pattern"]))
    if "minimum" in rule or "maximum" in rule:
        return _number(rng, rule, avro)
    raise MalformedError(f"the rule of {rule['field']} has no bounds")


def _number(rng: random.Random, rule: Rule, avro: Type) -> Any:
    logical: tuple[Any, ...] = avro.get("logical") or ("",)
    scale = logical[2] if logical[0] == "decimal" else 0
    low, high = (None if rule.get(key) is None else Decimal(str(rule[key])) for key in ("minimum", "maximum"))
    least = low if low is not None else (high or Decimal()) - SPREAD
    most = high if high is not None else (low or Decimal()) + SPREAD
    if avro["type"] in ("float", "double"):
        return rng.uniform(float(least), float(most))
    first = int((least.scaleb(scale)).to_integral_value(ROUND_CEILING))
    last = max(first, int((most.scaleb(scale)).to_integral_value(ROUND_FLOOR)))
    number = rng.choice((first, last, rng.randint(first, last)))
    if avro["type"] in ("int", "long"):
        return number
    length = avro["size"] if avro["type"] == "fixed" else (number.bit_length() + 8) // 8
    return number.to_bytes(length, signed=True)


def _text(rng: random.Random, parsed: Any) -> str:
    return "".join(_part(rng, str(operation), argument) for operation, argument in parsed)


def _part(rng: random.Random, operation: str, argument: Any) -> str:
    """A text for a part of a pattern; an empty one for what only looks at others."""
    match operation:
        case "LITERAL":
            return chr(argument)
        case "ANY":
            return rng.choice(_ANY)
        case "NOT_LITERAL":
            return rng.choice(_ANY.replace(chr(argument), ""))
        case "IN":
            return rng.choice(_of_set(argument))
        case "BRANCH":
            return _text(rng, rng.choice(argument[1]))
        case "SUBPATTERN":
            return _text(rng, argument[-1])
        case "ATOMIC_GROUP":
            return _text(rng, argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, repeated = argument
            return "".join(
                _text(rng, repeated) for _ in range(rng.randint(least, min(int(most), least + MOST_REPEATS)))
            )
    return ""


def _of_set(members: Any) -> str:
    """The characters of a set such as [A-Z_]; of one that is negated, those of the usual ones that are not in it."""
    within = ""
    for operation, argument in members:
        match str(operation):
            case "LITERAL":
                within += chr(argument)
            case "RANGE":
                within += "".join(map(chr, range(argument[0], min(argument[1], argument[0] + SPREAD) + 1)))
            case "CATEGORY":
                name = str(argument)
                known = _CATEGORIES.get(name.replace("_NOT_", "_"), "")
                within += "".join(set(_ANY) - set(known)) if "_NOT_" in name else known
    if str(members[0][0]) == "NEGATE":
        within = "".join(sorted(set(_ANY) - set(within)))
    return "".join(sorted(within)) or _ANY

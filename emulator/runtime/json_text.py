"""JSON from outside: what cannot be read is a ValueError, however it is built.

Python's own reader ends with a RecursionError where values are nested too deeply, and takes what no JSON may have.
"""

import json
import re
from collections import Counter
from typing import Any

HALF_A_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""How a JSON text may name a character that no UTF-8 can."""


def parsed(text: str | bytes) -> Any:
    """The value that a JSON text stands for. Raises ValueError where it stands for none, or is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def strictly_parsed(text: bytes) -> Any:
    """The same of a text in UTF-8 whose names are unique and whose numbers and characters exist. Raises ValueError.

    Source: RFC 8259, sections 4, 6 and 8, and RFC 7493 (I-JSON), section 2.
    """
    try:
        decoded = text.decode()
        value = json.loads(decoded, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if HALF_A_SURROGATE.search(decoded):
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"it has the name {twice[:80]!r} twice in one object")
    return members


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a number of JSON")


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"{text[:80]} is too large a number")
    return number

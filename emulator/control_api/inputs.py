"""Input of the control API, checked: a value that makes no sense is refused with the rule that it breaks."""

import math
from typing import Any

from wavetank.emulator.runtime.json_text import strictly_parsed

FLAGS = {"true": True, "false": False}
LARGEST_BODY = 1024 * 1024
"""Bytes. A fault takes a few hundred."""
LARGEST_COUNT = 10**15


class RefusedError(Exception):
    """A request that cannot be done as asked: the status and the message of its answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def body(request: Any, largest: int = LARGEST_BODY) -> Any:
    """The value of a JSON body of at most so many bytes; an empty object without one. Raises RefusedError."""
    if (request.content_length or 0) > largest or len(raw := request.get_data()) > largest:
        raise RefusedError(f"the body is too large: it may have {largest} bytes")
    try:
        return strictly_parsed(raw or b"{}")
    except ValueError as error:
        raise RefusedError(f"the body is not JSON: {error}") from error


def flag(given: str, name: str) -> bool:
    """The value of the words `true` and `false`. Raises RefusedError."""
    if given not in FLAGS:
        raise RefusedError(f"{name} is {shown(given)}, not one of: {', '.join(FLAGS)}")
    return FLAGS[given]


def number(given: Any, name: str, unit: str, most: float) -> float:
    """A finite number from 0 to `most`. Raises RefusedError."""
    try:
        value = float("nan" if isinstance(given, bool) else given)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not 0 <= value <= most:
        limit = "" if math.isinf(most) else f" and at most {most:.0f}"
        raise RefusedError(f"{name} must be a number of {unit}, at least 0{limit}, got {shown(given)}")
    return value


def count(given: Any, name: str) -> int:
    """A whole number of at least 0. Raises RefusedError."""
    text = str(given)
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST_COUNT)):
        raise RefusedError(f"{name} must be a whole number from 0 to {LARGEST_COUNT}, got {shown(given)}")
    return int(text)


def shown(given: object) -> str:
    """A given value for a message, not longer than a line."""
    text = repr(given)
    return text if len(text) <= 100 else f"{text[:100]}…"

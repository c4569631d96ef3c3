"""A log event, read as JSON or as columns when a pattern asks for it, and then kept."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn

COLUMN = re.compile(r'\[([^\]]*)\](?=\s|$)|"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S+)')
"""A column: the characters between brackets or quotation marks, or those without white space."""


class Event:
    """A log event; `message` is its text."""

    def __init__(self, message: str) -> None:
        self.message = message

    @cached_property
    def fields(self) -> Mapping[str, Any] | None:
        """The fields of an event that is a JSON object; None for any other."""
        if not self.message.lstrip().startswith("{"):
            return None
        try:
            fields: Mapping[str, Any] = json.loads(self.message, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return None
        return fields

    @cached_property
    def columns(self) -> Sequence[str]:
        """The columns that spaces divide."""
        return [next(text for text in match.groups() if text is not None) for match in COLUMN.finditer(self.message)]


def _refuse(constant: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError(constant)

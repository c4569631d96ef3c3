"""What an event type is enriched with: a join with reference data, and what the `enrich` of its own code is given.

A team's `schemas/<event>/enrich.py` takes its names from here: `from wavetank.pipeline.enrichment import Drop`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.pipeline.errors import ConfigurationError

CODE_PACKAGE = "wavetank_components"
"""The package of event types' own code, in the package of a processor: a folder for its event type."""
CODE_DOCUMENT = "component.json"
"""What of a component its processor goes by, beside its code."""
LookUp = Callable[[tuple[object, ...]], Mapping[str, Any] | None]
"""Finds the row of a reference by the values of its key, in the order of its columns."""
REASON = re.compile(r"[a-z0-9][a-z0-9 -]{0,63}")


@dataclass(frozen=True, slots=True)
class Enrichment:
    """Join `on` (fields of the event, in the order of the key) with the reference; take the columns `add`."""

    reference: str
    on: tuple[str, ...]
    add: tuple[str, ...]

    def to_document(self) -> dict[str, object]:
        """The enrichment as a function is given it; `from_document` gives it back."""
        return {"reference": self.reference, "on": list(self.on), "add": list(self.add)}

    @classmethod
    def from_document(cls, document: object, where: str) -> "Enrichment":
        """Read `{"reference", "on", "add"}`; raises ConfigurationError naming `where` and the rule."""
        match document:
            case {"reference": str(reference), "on": str(field), "add": [*columns]} if _are_names(columns):
                return cls(reference, (field,), tuple(map(str, columns)))
            case {"reference": str(reference), "on": [*fields], "add": [*columns]} if _are_names(columns, fields):
                return cls(reference, tuple(map(str, fields)), tuple(map(str, columns)))
        raise ConfigurationError(
            f'{where}: an enrichment is {{"reference": name, "on": field or [fields of a key of several columns], '
            f'"add": [columns]}}, each named once, got {document!r:.200}'
        )


def _are_names(*lists: list[object]) -> bool:
    """Whether each is a list of different texts, and not empty."""
    return all(
        names and all(isinstance(name, str) for name in names) and len(set(names)) == len(names) for names in lists
    )


@dataclass(frozen=True, slots=True)
class Drop:
    """An event that `enrich` drops on purpose, and why: it is counted by this reason, and goes nowhere.

    The reason is a word or a few, the same for many events, as each is a metric of its own: lower-case letters, digits,
    spaces and hyphens, at most 64. Raises ValueError for any other.
    """

    reason: str

    def __post_init__(self) -> None:
        if not isinstance(self.reason, str) or REASON.fullmatch(self.reason) is None:
            rule = "lower-case letters, digits, spaces and hyphens, at most 64"
            raise ValueError(f"the reason of a Drop is {rule}, got {self.reason!r:.80}")


class Reference:
    """The reference data that an event type may use: those of its join, and those that `REFERENCES` names.

    `REFERENCES = ("prices",)` stands at the top of enrich.py. They are as of the arrival of the event, and all in
    memory before `enrich` is called, so that a look-up never fails for a service.
    """

    def __init__(self, look_ups: Mapping[str, LookUp]) -> None:
        """look_ups: by the name of the reference; each raises TypeError for a key of another form."""
        self._look_ups = look_ups

    def find(self, name: str, key: object) -> Mapping[str, Any] | None:
        """The row of a key; None where there is none, and for a key that is or has None.

        key: a value, or a tuple of one for each column of the key, in its order. What a column of texts is looked up
        by is taken as text; whole numbers and dates (days since the epoch) are `int`. The row cannot be changed.
        Decimals are `Decimal`, dates days and timestamps microseconds since the epoch.
        Raises LookupError for a reference that the event type may not use, and TypeError for a key of another form.
        """
        look_up = self._look_ups.get(name)
        if look_up is None:
            names = ", ".join(sorted(self._look_ups)) or "none"
            raise LookupError(f"the reference {name!r} is none of this event type's; name it in REFERENCES ({names})")
        try:
            return look_up(key if isinstance(key, tuple) else (key,))
        except TypeError as error:
            raise TypeError(f"reference {name}: {error}") from None

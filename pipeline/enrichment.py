"""What an event type is enriched with: a join with reference data, and what the `enrich` of its own code is given.

A team's `schemas/<event>/enrich.py` takes its names from here: `from wavetank.pipeline.enrichment import Drop`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from wavetank.pipeline.errors import ConfigurationError

CODE_PACKAGE = "wavetank_components"
"""The package of event types' own code, in the package of a processor: a folder for its event type."""
CODE_DOCUMENT = "component.json"
"""What of a component its processor goes by, beside its code."""
REASON = re.compile(r"[a-z0-9][a-z0-9 -]{0,63}")


@dataclass(frozen=True, slots=True)
class Enrichment:
    """Join `on` (a field of the raw event) with the snapshot `reference`; take the columns `add`."""

    reference: str
    on: str
    add: tuple[str, ...]

    @classmethod
    def from_document(cls, document: object, where: str) -> "Enrichment":
        """Read `{"reference", "on", "add"}`; raises ConfigurationError naming `where` and the rule."""
        match document:
            case {"reference": str(reference), "on": str(on), "add": [*columns]} if columns and all(
                isinstance(column, str) for column in columns
            ):
                return cls(reference, on, tuple(map(str, columns)))
        raise ConfigurationError(
            f'{where}: an enrichment is {{"reference": name, "on": field, "add": [columns]}}, got {document!r}'
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
    """The reference data that an event type may use: the snapshot of its join, and those that `REFERENCES` names.

    `REFERENCES = ("prices",)` stands at the top of enrich.py. All rows are read before the batch, so that a look-up
    costs nothing and never fails for a service.
    """

    def __init__(self, snapshots: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """`snapshots`: name → join key → row."""
        self._snapshots = snapshots

    def find(self, snapshot: str, key: object) -> Mapping[str, Any] | None:
        """The row of a key, which is compared as text; None where there is none, and for the key None.

        The row cannot be changed. Raises LookupError for a snapshot that the event type may not use.
        """
        rows = self._snapshots.get(snapshot)
        if rows is None:
            names = ", ".join(sorted(self._snapshots)) or "none"
            raise LookupError(
                f"the snapshot {snapshot!r} is none of this event type's; name it in REFERENCES ({names})"
            )
        row = None if key is None else rows.get(str(key))
        return None if row is None else MappingProxyType(row)

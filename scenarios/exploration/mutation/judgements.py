"""Judgements: changes that make no difference to anything that is promised, each with the reason.

They are in `scenarios/mutation/equivalents.toml`, by file and by the lines that differ, so that they outlive other
edits; one that fits the pipeline no more is an error, as is one without a reason.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wavetank.scenarios.exploration.mutation.change import Change

FILE = Path(__file__).parents[2] / "mutation" / "equivalents.toml"
_FIELDS = frozenset({"file", "old", "new", "reason"})


class UnusableJudgementsError(ValueError):
    """A file of judgements that is none; the message says where and what to change."""


@dataclass(frozen=True)
class Judgements:
    """Reasons by file, old text and new text."""

    reasons: Mapping[tuple[str, str, str], str]

    @classmethod
    def load(cls, path: Path = FILE) -> "Judgements":
        """The judgements of a file. Raises UnusableJudgementsError, OSError."""
        try:
            entries = tomllib.loads(path.read_text("utf-8")).get("equivalent", [])
        except ValueError as error:
            raise UnusableJudgementsError(f"{path.name}: not TOML: {error}") from error
        reasons = dict[tuple[str, str, str], str]()
        for number, entry in enumerate(entries, start=1):
            if set(entry) != _FIELDS or not all(isinstance(text, str) for text in entry.values()):
                raise UnusableJudgementsError(
                    f"{path.name}: judgement {number} has {', '.join(sorted(entry))}; "
                    f"it is to have {', '.join(sorted(_FIELDS))}, each a text"
                )
            reasons[entry["file"], _plain(entry["old"]), _plain(entry["new"])] = entry["reason"]
        return cls(reasons)

    def reason(self, change: Change) -> str:
        """The reason why a change makes no difference; empty where nobody has judged so."""
        return self.reasons.get((change.file, _plain(change.old), _plain(change.new)), "")


def _plain(text: str) -> str:
    """A text whose white space says nothing."""
    return " ".join(text.split())

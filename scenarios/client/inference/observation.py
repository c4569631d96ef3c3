"""What the values at one place of the rows are, after many rows: counts and bounds, never the values themselves.

Memory is bounded: by `MOST_PLACES` in all, by `MOST_KEYS` for the keys of one object, after which its values are taken
together as those of a map, and by `DEEPEST` levels.
"""

from dataclasses import dataclass, field
from typing import Any

from wavetank.scenarios.client.inference.numbers import Numbers
from wavetank.scenarios.client.inference.texts import Texts
from wavetank.scenarios.workload.ndjson import Number
from wavetank.scenarios.workload.rows import Json

MOST_PLACES = 3_000
MOST_KEYS = 200
DEEPEST = 12
MOST_SYMBOLS = 500
"""Symbols of an enumeration."""
FEWEST_MAP_KEYS = 16
_MAP_SHARE = 0.25
"""An object with many keys of which a value has so few is a map …"""


@dataclass(slots=True)
class Places:
    """The places that are observed; `refused`: whether there were more than `MOST_PLACES`."""

    free: int = MOST_PLACES
    refused: bool = False

    def take(self) -> bool:
        """Whether there is room for one more."""
        self.free -= 1
        self.refused |= self.free < 0
        return self.free >= 0


@dataclass(slots=True)
class Observation:
    """The values that were added: `count` with null, `nulls`, and of each kind how many.

    first_null: the number of the first row that has null there. items: those of arrays. members: those of objects, by
    name, and `others` for those of objects with more keys than `MOST_KEYS`. symbols: the texts, where they are asked
    for.
    """

    count: int = 0
    nulls: int = 0
    booleans: int = 0
    arrays: int = 0
    objects: int = 0
    first_null: int = 0
    is_too_deep: bool = False
    numbers: Numbers = field(default_factory=Numbers)
    texts: Texts = field(default_factory=Texts)
    items: "Observation | None" = None
    members: dict[str, "Observation"] = field(default_factory=dict)
    others: "Observation | None" = None
    symbols: set[str] | None = None

    def add(self, value: Any, row: int, places: Places, depth: int = 0) -> None:
        """Take the value that a row has there into account."""
        self.count += 1
        match value:
            case None:
                self.nulls += 1
                self.first_null = self.first_null or row
            case bool():
                self.booleans += 1
            case Number():
                self.numbers.add(value)
            case str():
                self.texts.add(value)
                if self.symbols is not None and len(self.symbols) <= MOST_SYMBOLS:
                    self.symbols.add(value)
            case _ if depth == DEEPEST:
                self.is_too_deep = True
            case list():
                self.arrays += 1
                if value and self.items is None and places.take():
                    self.items = Observation()
                if self.items is not None:
                    for item in value:
                        self.items.add(item, row, places, depth + 1)
            case dict():
                self.objects += 1
                self._add_members(value, row, places, depth)

    def _add_members(self, value: Json, row: int, places: Places, depth: int) -> None:
        for name, item in value.items():
            member = self.others or self.members.get(name)
            if member is None:
                if not places.take():
                    continue
                member = self.members[name] = Observation()
            member.add(item, row, places, depth + 1)
        if depth and len(self.members) > MOST_KEYS:
            self.others = self.all_members()
            places.free += len(self.members) - 1
            self.members = {}

    def all_members(self) -> "Observation":
        """The values of all members, as those of a map."""
        if self.others is not None:
            return self.others
        together = Observation()
        for member in self.members.values():
            together.absorb(member)
        return together

    def absorb(self, other: "Observation") -> None:
        """Take all that was seen at another place into account."""
        for name in ("count", "nulls", "booleans", "arrays", "objects"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.first_null = self.first_null or other.first_null
        self.is_too_deep |= other.is_too_deep
        self.numbers.absorb(other.numbers)
        self.texts.absorb(other.texts)
        if other.items is not None:
            self.items = self.items or Observation()
            self.items.absorb(other.items)
        if self.others is not None or other.others is not None:
            self.others, self.members = self.all_members(), {}
            self.others.absorb(other.all_members())
            return
        for key, member in other.members.items():
            self.members.setdefault(key, Observation()).absorb(member)

    @property
    def values(self) -> int:
        """The values that are not null."""
        return self.count - self.nulls

    @property
    def is_map(self) -> bool:
        """Whether the keys of its objects go on and on, rather than being the names of fields."""
        if self.others is not None:
            return True
        filled = sum(member.count for member in self.members.values())
        return len(self.members) >= FEWEST_MAP_KEYS and filled < _MAP_SHARE * self.objects * len(self.members)

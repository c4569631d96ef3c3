"""Makes the types of columns of what was observed, each with its reason; says what it could not decide.

A field of which no type holds all values has no column: `wavetank feed` keeps it in `attributes`, as JSON text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from wavetank.scenarios.client.inference.names import field_names, is_avro_name, pascal, words
from wavetank.scenarios.client.inference.numbers import Conclusion, Numbers
from wavetank.scenarios.client.inference.observation import DEEPEST, MOST_SYMBOLS, Observation
from wavetank.scenarios.workload.json_paths import Steps, avro_name, path_text

TIME_WORDS = frozenset(
    (
        *("at", "created", "date", "datetime", "ended", "epoch", "expires", "modified", "since", "started"),
        *("time", "timestamp", "ts", "until", "updated", "when"),
    )
)
EPOCHS = {"epoch_s": "seconds", "epoch_ms": "milliseconds", "epoch_us": "microseconds"}
_TIMESTAMPS = {"epoch_ms": "timestamp-millis", "epoch_us": "timestamp-micros"}


class EnumError(ValueError):
    """A field that was asked to be an enumeration cannot be one; the message names it, the value and the way out."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """A place that has no column, or text where its values are of several types, and why."""

    path: str
    reason: str
    has_column: bool


@dataclass
class Columns:
    """The makers of the types of one event type. undecided: in the order in which it was come upon."""

    event: str
    is_csv: bool = False
    undecided: list[Undecided] = field(default_factory=list)
    _types: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._types.add(pascal(self.event))

    def conclusion(self, seen: Observation, path: Steps) -> Conclusion | None:
        """The type of all values at a place; None where there is none."""
        kinds = {
            "truth values": seen.booleans,
            "numbers": seen.numbers.count,
            "text": seen.texts.count,
            "arrays": seen.arrays,
            "objects": seen.objects,
        }
        present = {kind: number for kind, number in kinds.items() if number}
        listed = ", ".join(f"{kind} ({number:,})" for kind, number in present.items())
        if seen.symbols is not None:
            return self._enum(seen, path)
        if seen.is_too_deep:
            return self.without_column(path, f"nested more than {DEEPEST} deep")
        if not present:
            return self.without_column(path, "always null")
        if len(present) > 1:
            if seen.arrays or seen.objects:
                return self.without_column(path, f"of several types: {listed}")
            self.undecided.append(
                Undecided(path_text(path, numbered=False), f"of several types: {listed}", has_column=True)
            )
            return "string", f"text as it is written: {listed}"
        return self._of_one_kind(seen, path)

    def _of_one_kind(self, seen: Observation, path: Steps) -> Conclusion | None:
        if seen.booleans:
            return "boolean", "true or false"
        if seen.numbers.count:
            return self._number(seen.numbers, path)
        if seen.texts.count:
            avro, reason = seen.texts.conclusion(is_csv=self.is_csv)
            return avro, reason + _epoch(seen.texts.numbers, path) if avro in ("int", "long") else reason
        return self._array(seen, path) if seen.arrays else self._object(seen, path)

    def _number(self, numbers: Numbers, path: Steps) -> Conclusion:
        avro, reason = numbers.conclusion(is_text=False)
        if avro == "long" and has_time_word(path) and numbers.epoch_unit in _TIMESTAMPS:
            # A feed reads a number in a column of times as the column's unit.
            unit = _TIMESTAMPS[numbers.epoch_unit or ""]
            return {
                "type": "long",
                "logicalType": unit,
            }, f"by their magnitude {EPOCHS[numbers.epoch_unit or '']} since 1970"
        return avro, reason + _epoch(numbers, path)

    def _array(self, seen: Observation, path: Steps) -> Conclusion | None:
        if seen.items is None:
            return self.without_column(path, "always an empty array")
        inner = self.conclusion(seen.items, (*path, 0))
        if inner is None:
            return None
        return {"type": "array", "items": nullable(inner[0], seen.items)}, f"arrays of {title(inner[0])}"

    def _object(self, seen: Observation, path: Steps) -> Conclusion | None:
        if seen.is_map:
            values = seen.all_members()
            undecided = len(self.undecided)
            inner = self.conclusion(values, (*path, "*"))
            keys = "more keys than fields have names" if seen.others else f"{len(seen.members)} keys, few in each"
            if inner is None or inner[0] == "string" or (isinstance(inner[0], dict) and inner[0]["type"] == "record"):
                # Text keeps whatever comes under the next key.
                del self.undecided[undecided:]
                inner = "string", ""
                values = Observation()
            return {"type": "map", "values": nullable(inner[0], values)}, f"a map: {keys}"
        if not seen.members:
            return self.without_column(path, "always an empty object")
        fields = self.fields(seen, path)
        if not fields:
            return self.without_column(path, "none of its fields has a type")
        return self.record(path, fields), f"objects of {len(fields)} fields"

    def fields(self, seen: Observation, path: Steps) -> list[dict[str, Any]]:
        """The fields of a record of what was seen; names that are one in Avro's letters are one field."""
        groups: dict[str, Observation] = {}
        sources: dict[str, str] = {}
        for name, member in seen.members.items():
            fitted = avro_name(name)
            if fitted not in groups:
                groups[fitted], sources[fitted] = member, name
                continue
            groups[fitted], alone = Observation(), groups[fitted]
            groups[fitted].absorb(alone)
            groups[fitted].absorb(member)
            where = path_text((*path, name), numbered=False)
            self.undecided.append(Undecided(where, f"is one field with {sources[fitted]}", has_column=True))
        names, refused = field_names(groups)
        for name, reason in refused.items():
            self.without_column((*path, sources[name]), reason)
        fields = []
        for name, member in groups.items():
            inner = self.conclusion(member, (*path, sources[name])) if name in names else None
            if inner is not None:
                fields.append(optional(name, inner[0]))
        return fields

    def record(self, path: Steps, fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The type of a record, called by the way to it."""
        return {"type": "record", "name": self._type_name(path), "fields": list(fields)}

    def _enum(self, seen: Observation, path: Steps) -> Conclusion:
        where, symbols = path_text(path), sorted(seen.symbols or ())
        if seen.texts.count < max(seen.values, 1):
            raise EnumError(f"--enum {where}: its values are not all text. Leave it out.")
        if len(symbols) > MOST_SYMBOLS:
            raise EnumError(f"--enum {where}: more than {MOST_SYMBOLS} different texts. Leave it out.")
        for symbol in symbols:
            if not is_avro_name(symbol):
                rule = "is no symbol, which has letters, digits and _ and begins with no digit (Avro specification)"
                raise EnumError(f"--enum {where}: {symbol!r} {rule}. Leave it out: text holds all of them.")
        avro = {"type": "enum", "name": self._type_name(path), "symbols": symbols}
        return avro, f"an enumeration of {len(symbols)} texts, as asked for"

    def _type_name(self, path: Steps) -> str:
        whole = pascal(self.event) + "".join(pascal(step) for step in path if isinstance(step, str))
        name, number = whole, 2
        while name in self._types:
            name, number = f"{whole}{number}", number + 1
        self._types.add(name)
        return name

    def without_column(self, path: Steps, reason: str) -> Conclusion | None:
        """Note a place that has no column, and why."""
        self.undecided.append(Undecided(path_text(path, numbered=False), reason, has_column=False))
        return None


def optional(name: str, avro: Any, doc: str = "") -> dict[str, Any]:
    """A field that may be left out."""
    field_ = {"name": name, "type": ["null", avro], "default": None}
    return field_ | {"doc": doc} if doc else field_


def nullable(avro: Any, seen: Observation) -> Any:
    """The type of items, with null where there was one."""
    return ["null", avro] if seen.nulls else avro


def title(avro: Any) -> str:
    """An Avro type in a few words."""
    match avro:
        case str():
            return avro
        case ["null", inner]:
            return f"{title(inner)} or null"
        case {"logicalType": "decimal", "precision": precision, "scale": scale}:
            return f"decimal({precision},{scale})"
        case {"logicalType": name}:
            return str(name)
        case {"items": items}:
            return f"array<{title(items)}>"
        case {"values": values}:
            return f"map<{title(values)}>"
    return str(avro["type"])


def has_time_word(path: Steps) -> bool:
    """Whether the last name of a path speaks of a time."""
    names = [step for step in path if isinstance(step, str)]
    return bool(names) and not TIME_WORDS.isdisjoint(words(names[-1]))


def _epoch(numbers: Numbers, path: Steps) -> str:
    unit = numbers.epoch_unit
    if unit is None or not has_time_word(path):
        return ""
    return f"; by their magnitude {EPOCHS[unit]} since 1970, and kept as they are"

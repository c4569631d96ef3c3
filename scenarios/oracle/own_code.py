"""An event type's own code as the oracle sees it: what `enrich` and the rules of a component make of an event.

They are inputs of a drill: enrich.py is loaded as it is, and the rules are read as docs/enrichment.md states them. All
else is a reading of its own: no code is shared with the pipeline. `enrich` is given what it is promised: the fields of
the newest processed schema, decimals as `Decimal`, times as they are counted, and look-ups in reference data.
"""

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from wavetank.scenarios.oracle.avro import MICROS, MOST_DIGITS, Type, default_of, words
from wavetank.scenarios.oracle.history import EVENT_ID, EVENT_TIME, Value
from wavetank.scenarios.oracle.references import AS_OF, Rows, key_of

Rule = Mapping[str, Any]


class Fate(StrEnum):
    """What becomes of an event in the hands of its event type's own code."""

    GOES_ON = "goes on"
    DROPPED = "dropped"
    RAISED = "enrichment-raised"
    MISFIT = "enrichment-failed"
    INVALID = "invalid"


ASIDE = frozenset({Fate.RAISED, Fate.MISFIT, Fate.INVALID})
"""Fates that are reasons of the quarantine."""


@dataclass(frozen=True)
class Result:
    """What came of an event: its fate, and its fields in the oracle's words where it goes on."""

    fate: Fate
    content: Mapping[str, Value]


@dataclass(frozen=True)
class LookUps:
    """Look-ups in reference data, as `enrich` is promised them."""

    rows: Mapping[str, Rows]

    def find(self, name: str, key: object) -> Mapping[str, Any] | None:
        """The row of a key, which is a value or a tuple of several; None where there is none."""
        values = key_of(key if isinstance(key, tuple) else (key,))
        return None if values is None else self.rows[name].get(values)


Enrich = Callable[[dict[str, Any], LookUps], Any]


@dataclass(frozen=True)
class OwnCode:
    """The own code of an event type: its newest processed type, `enrich`, rules, and the names of its references."""

    target: Type
    enrich: Enrich | None = None
    rules: Sequence[Rule] = ()
    references: Sequence[str] = ()

    def result(self, content: Mapping[str, Value], rows: Mapping[str, Rows]) -> Result:
        """What comes of an event with these fields, in the oracle's words, after the join; rows: those in effect."""
        fields = {field["name"]: field for field in self.target["fields"]}
        values = {
            name: _value(content[name] if name in content else _default(field), field["type"])
            for name, field in fields.items()
        }
        if self.enrich is not None:
            try:
                made = self.enrich(deepcopy(values), LookUps(rows))
            except Exception:
                return Result(Fate.RAISED, content)
            if made is None or type(made).__name__ == "Drop":
                return Result(Fate.DROPPED, content)
            if not isinstance(made, dict) or not self._fits(made, values):
                return Result(Fate.MISFIT, content)
            values = made
        if any(not _keeps(values, rule) for rule in self.rules):
            return Result(Fate.INVALID, content)
        return Result(Fate.GOES_ON, {name: _word(values[name], fields[name]["type"]) for name in fields})

    def _fits(self, made: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
        types = {field["name"]: field["type"] for field in self.target["fields"]}
        same = all(made.get(name) == before.get(name) for name in (EVENT_ID, EVENT_TIME, AS_OF))
        return made.keys() == types.keys() and same and all(_is_of(made[name], types[name]) for name in types)


def load(path: Path, packages: Path | None = None) -> tuple[Enrich, tuple[str, ...]]:
    """The `enrich` of a file and the references it names, with the modules beside it and a folder of packages.

    Raises whatever the file raises.
    """
    if packages is not None and str(packages) not in sys.path:
        sys.path.append(str(packages))
    name = f"_oracle_{abs(hash(path)):x}"
    package = ModuleSpec(name, None, is_package=True)
    package.submodule_search_locations = [str(path.parent)]
    spec = importlib.util.spec_from_file_location(f"{name}.enrich", path)
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = importlib.util.module_from_spec(package)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        for known in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
            del sys.modules[known]
    enrich: Enrich = module.enrich
    return enrich, tuple(getattr(module, "REFERENCES", ()))


def _default(field: Mapping[str, Any]) -> Value:
    """The value of a field that was not sent, in the oracle's words; of an added column without a row null."""
    return words(default_of(field["default"], field["type"]), field["type"]) if "default" in field else None


def _value(word: Any, avro: Type) -> Any:
    """A value in the oracle's words as `enrich` is given it."""
    match avro["type"]:
        case "union":
            others = [branch for branch in avro["branches"] if branch["type"] != "null"]
            return None if word is None else _value(word, others[0])
        case "array":
            return [_value(item, avro["items"]) for item in word]
        case "map":
            return {key: _value(item, avro["values"]) for key, item in word.items()}
        case "record":
            return {field["name"]: _value(word.get(field["name"]), field["type"]) for field in avro["fields"]}
    logical: tuple[Any, ...] = avro.get("logical") or ("",)
    if logical[0] == "decimal" and logical[1] <= MOST_DIGITS:
        return Decimal(word)
    return word // MICROS[logical[0]] if logical[0] in MICROS and isinstance(word, int) else word


def _word(value: Any, avro: Type) -> Value:
    """A value that `enrich` returned, in the oracle's words."""
    match avro["type"]:
        case "union":
            others = [branch for branch in avro["branches"] if branch["type"] != "null"]
            return None if value is None else _word(value, others[0])
        case "array":
            return [_word(item, avro["items"]) for item in value]
        case "map":
            return {key: _word(item, avro["values"]) for key, item in value.items()}
        case "record":
            return {field["name"]: _word(value[field["name"]], field["type"]) for field in avro["fields"]}
        case "float" | "double":
            return float(value)
    logical: tuple[Any, ...] = avro.get("logical") or ("",)
    if logical[0] == "decimal" and logical[1] <= MOST_DIGITS:
        return f"{Decimal(value):.{logical[2]}f}"
    word: Value = value * MICROS[logical[0]] if logical[0] in MICROS else value
    return word


_PYTHON: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "string": (str,),
    "bytes": (bytes,),
    "fixed": (bytes,),
}


def _is_of(value: Any, avro: Type) -> bool:
    """Whether a value is one of the type."""
    match avro["type"]:
        case "null":
            return value is None
        case "union":
            return any(_is_of(value, branch) for branch in avro["branches"])
        case "array":
            return isinstance(value, list) and all(_is_of(item, avro["items"]) for item in value)
        case "map":
            return isinstance(value, dict) and all(_is_of(item, avro["values"]) for item in value.values())
        case "record":
            return isinstance(value, dict) and all(_is_of(value.get(f["name"]), f["type"]) for f in avro["fields"])
        case "enum":
            return value in avro["symbols"]
    logical: tuple[Any, ...] = avro.get("logical") or ("",)
    if logical[0] == "decimal" and logical[1] <= MOST_DIGITS:
        return isinstance(value, Decimal) and value == round(value, logical[2])
    return isinstance(value, _PYTHON[avro["type"]]) and (avro["type"] == "boolean" or not isinstance(value, bool))


def _keeps(values: Mapping[str, Any], rule: Rule) -> bool:
    """Whether an event keeps a rule; that of its age is left out, as drills are of events of any time."""
    value: Any = values
    for name in str(rule["field"]).split("."):
        value = None if value is None else value[name]
    if value is None:
        return not rule.get("required", False)
    low, high = (_bound(rule.get(name), value) for name in ("minimum", "maximum"))
    if (low is not None and not value >= low) or (high is not None and not value <= high):
        return False
    if "pattern" in rule and re.fullmatch(rule["pattern"], value) is None:
        return False
    return "allowed" not in rule or value in rule["allowed"]


def _bound(bound: Any, value: Any) -> Any:
    return Decimal(str(bound)) if bound is not None and isinstance(value, Decimal) else bound

"""Finds the field that is the id of an event, and the one that is its time.

An id is unique and never null, and its name says so: what is unique in a small file by accident would make one event of
several later on. A time has a value in every row.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wavetank.scenarios.client.inference.columns import EPOCHS, has_time_word
from wavetank.scenarios.client.inference.names import words
from wavetank.scenarios.client.inference.observation import Observation
from wavetank.scenarios.client.inference.texts import Texts
from wavetank.scenarios.client.inference.uniqueness import Uniqueness
from wavetank.scenarios.workload.json_paths import JsonPath, Steps, path_text
from wavetank.scenarios.workload.json_scalars import NUMBER_TEXT
from wavetank.scenarios.workload.json_times import ISO8601
from wavetank.scenarios.workload.rows import Json

ID_WORDS = frozenset(("id", "ids", "uuid", "guid", "ulid", "key", "number", "nr", "no", "ref", "reference", "hash"))
WHOLE_NAMES = ("id", "event_id", "eventid", "uuid", "guid")
COUNTERS = frozenset(("row", "index", "idx", "line", "position", "rank", "offset", "column"))
"""Names of what counts the rows of one file: the next file counts from the beginning."""
ENOUGH_ROWS = 100
"""Rows in which text is not unique by accident."""
MOST_CANDIDATES = 4
_MOST_DIGESTS = 1_000_000
_LONGEST_ID = 200
_DEEPEST = 4


class ChoiceError(ValueError):
    """A field has to be named by a person; the message lists those that it may be."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A field or path that was chosen and why; `field` is empty for the hash of the row. formats: of a time."""

    field: str
    reason: str
    formats: tuple[str, ...] = ()


@dataclass
class IdCandidates:
    """The fields that are unique and never null so far, of those that the first row has."""

    folder: Path
    rows: int = 0
    _live: dict[Steps, Uniqueness] = field(default_factory=dict)
    _numeric: set[Steps] = field(default_factory=set)

    def add(self, document: Json) -> None:
        """Take a row into account."""
        self.rows += 1
        if self.rows == 1:
            self._live = {
                steps: Uniqueness(self.folder) for steps in _scalars(document, ()) if is_addressable(steps, document)
            }
            self._numeric = {steps for steps in self._live if NUMBER_TEXT.fullmatch(str(_at(document, steps)))}
        gone = []
        for steps, seen in self._live.items():
            text = _id_text(_at(document, steps))
            if text is None:
                gone.append(steps)
                continue
            seen.add(text)
            if seen.repeats:
                gone.append(steps)
        for steps in gone:
            del self._live[steps]
        if len(self._live) > MOST_CANDIDATES and len(self._live) * self.rows > _MOST_DIGESTS:
            self._live = {steps: self._live[steps] for steps in sorted(self._live, key=_rank)[:MOST_CANDIDATES]}

    def choice(self) -> Choice:
        """The field that is the id, or the hash of the row."""
        unique = sorted((steps for steps, seen in self._live.items() if not seen.finish()), key=_rank)
        likely = [steps for steps in unique if _rank(steps)[0] <= 1 or self._is_sure(steps)]
        if likely:
            return Choice(path_text(likely[0]), f"unique, and has a value in all {self.rows:,} rows")
        named = ", ".join(path_text(steps) for steps in unique[:5])
        others = f"; unique here, which may be an accident: {named}" if unique else ""
        return Choice("", f"no field is an id: a hash of the whole row, so that equal rows are one event{others}")

    def _is_sure(self, steps: Steps) -> bool:
        """Whether text without the name of an id is unique by no accident."""
        return _rank(steps)[0] == 2 and steps not in self._numeric and self.rows >= ENOUGH_ROWS


def _rank(steps: Steps) -> tuple[int, int]:
    """The order of candidates: whole names of ids, names that end like one, other names, counters; then by depth."""
    name = str(steps[-1])
    last = words(name)[-1:] or [""]
    if COUNTERS.intersection(words(name)):
        return 3, len(steps)
    if name.lower() in WHOLE_NAMES:
        return 0, len(steps)
    return (1 if last[0] in ID_WORDS or name.lower().endswith(("id", "guid")) else 2), len(steps)


def _scalars(document: Json, steps: Steps) -> Iterator[Steps]:
    """The ways to the values of a row that may be ids."""
    for name, value in document.items():
        way = (*steps, name)
        if isinstance(value, dict) and len(way) < _DEEPEST:
            yield from _scalars(value, way)
        elif (text := _id_text(value)) is not None and not is_time(text):
            yield way


def is_addressable(steps: Steps, names: Container[str]) -> bool:
    """Whether the text of a way leads there in a row whose fields have these names."""
    path = path_text(steps)
    return bool(path) and (len(steps) == 1 or (JsonPath.of(path).steps == steps and path not in names))


def _at(document: Json, steps: Steps) -> object:
    value: object = document
    for step in steps:
        value = value.get(str(step)) if isinstance(value, dict) else None
    return value


def _id_text(value: object) -> str | None:
    """The text of a value that may be an id: a whole number, or text that is no other number and not long."""
    if not isinstance(value, str) or not value or len(value) > _LONGEST_ID:
        return None
    number = NUMBER_TEXT.fullmatch(value)
    return None if number is not None and (number[3] or number[4]) else str(value)


def time_of(root: Observation, rows: int) -> Choice:
    """The one field of times that has a value in every row. Raises ChoiceError."""
    times: list[Choice] = []
    dates: list[Choice] = []
    near: list[str] = []
    for steps, seen in _places(root, ()):
        path = path_text(steps)
        choice = time_choice(path, seen)
        is_named = seen.texts.timestamps or seen.texts.dates or has_time_word(steps)
        if choice is None or not is_named or not is_addressable(steps, root.members):
            continue
        if seen.values < rows:
            near.append(f"{path} (has no value in {rows - seen.values:,} of {rows:,} rows)")
        elif seen.texts.count and not seen.texts.timestamps and seen.texts.dates:
            dates.append(choice)
        else:
            times.append(choice)
    chosen = times or dates
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        named = ", ".join(choice.field for choice in chosen)
        raise ChoiceError(f"several fields may be the time of the event: {named}. Say which with --time.")
    listed = f" Near it: {', '.join(near)}." if near else ""
    raise ChoiceError(
        f"no field of times has a value in every row.{listed} Name one with --time, and if it is neither ISO 8601 nor "
        "a number since 1970 its format with --time-format."
    )


def time_choice(path: str, seen: Observation) -> Choice | None:
    """The way to read the values of a field as times, None where there is none."""
    formats: list[str] = []
    reasons: list[str] = []
    texts, numbers = seen.texts, seen.numbers
    if not seen.values or texts.count + numbers.count < seen.values:
        return None
    if texts.count and texts.are_times:
        formats.append(ISO8601)
        reasons.append("ISO 8601" + ("" if texts.with_offset == texts.count else ", in UTC where there is no offset"))
    elif texts.count and (texts.numbers.count < texts.count or numbers.count):
        return None
    digits = numbers if numbers.count else texts.numbers
    if numbers.count or not formats:
        unit = digits.epoch_unit
        if unit is None:
            return None
        formats.append(unit)
        reasons.append(f"by their magnitude {EPOCHS[unit]} since 1970")
    return Choice(path, " and ".join(reasons), tuple(formats))


def _places(seen: Observation, steps: Steps) -> Iterator[tuple[Steps, Observation]]:
    """The places of a row that a path of names leads to."""
    for name, member in seen.members.items():
        way = (*steps, name)
        yield way, member
        if member.members and not member.is_map and len(way) < _DEEPEST:
            yield from _places(member, way)


def is_time(text: str) -> bool:
    """Whether a text is a date or a time in ISO 8601."""
    texts = Texts()
    texts.add(text)
    return texts.are_times

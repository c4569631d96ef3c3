"""The texts at one place, and the Avro type that holds all of them without loss.

Whatever is taken for a time is one that `wavetank feed` reads: the readers of a column are asked, which take no more
than those of the time of an event.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field

from wavetank.pipeline.avro.model import Logical, Primitive
from wavetank.pipeline.avro.storable import range_of
from wavetank.scenarios.client.inference.numbers import Conclusion, Numbers
from wavetank.scenarios.workload.json_scalars import Read
from wavetank.scenarios.workload.json_times import logical_time_reader

_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}(?P<time>[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,](?P<digits>\d+))?)?"
    r"(?P<offset>[Zz]|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?)?",
    re.ASCII,
)
_COMMA = re.compile(r"-?\d{1,3}(?:\.?\d{3})*,\d+", re.ASCII)
_TRUTHS = ("true", "false")
_MICRO_PLACES, _NANO_PLACES = 6, 9


def _reader(name: str) -> Read:
    avro = Primitive("int" if name == "date" else "long", Logical(name))
    allowed = range_of(avro)
    assert allowed is not None
    return logical_time_reader(Logical(name), allowed)


_READERS = {
    name: _reader(name)
    for name in ("date", "timestamp-micros", "timestamp-nanos", "local-timestamp-micros", "local-timestamp-nanos")
}


@dataclass(slots=True)
class Texts:
    """The texts that were added. dates, timestamps: how many are ISO 8601; digits: of a second, at most."""

    count: int = 0
    dates: int = 0
    timestamps: int = 0
    with_offset: int = 0
    digits: int = 0
    is_within_nanos: bool = True
    truths: int = 0
    with_spaces: int = 0
    with_comma: int = 0
    examples: list[str] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)

    def add(self, text: str) -> None:
        """Take a text into account."""
        self.count += 1
        if len(self.examples) < 2 and text not in self.examples:
            self.examples.append(text)
        # What not all have in common is not looked for any further.
        if self.dates + self.timestamps == self.count - 1:
            self._add_time(text)
        if (self.numbers.count == self.count - 1 and not self.numbers.add(text)) or self.with_comma == self.count - 1:
            self.with_comma += _COMMA.fullmatch(text) is not None
        self.truths += text.lower() in _TRUTHS if self.truths == self.count - 1 else 0
        self.with_spaces += text != text.strip()

    def _add_time(self, text: str) -> None:
        matched = _TIME.fullmatch(text)
        if matched is None:
            return
        if matched["time"] is None:
            with suppress(ValueError, OverflowError):
                _READERS["date"](text)
                self.dates += 1
            return
        digits = len((matched["digits"] or "").rstrip("0"))
        name = f"timestamp-{'micros' if digits <= _MICRO_PLACES else 'nanos'}"
        with suppress(ValueError, OverflowError):
            _READERS[name](text)
            self.timestamps += 1
            self.with_offset += matched["offset"] is not None
            self.digits = max(self.digits, digits)
            self.is_within_nanos &= "1678" <= text[:4] <= "2261"

    def absorb(self, other: "Texts") -> None:
        """Take all texts of another place into account."""
        for name in ("count", "dates", "timestamps", "with_offset", "truths", "with_spaces", "with_comma"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.digits = max(self.digits, other.digits)
        self.is_within_nanos &= other.is_within_nanos
        self.examples = (self.examples + other.examples)[:2]
        self.numbers.absorb(other.numbers)

    @property
    def are_times(self) -> bool:
        """Whether each is a date or a time in ISO 8601, which an event can have happened at."""
        return 0 < self.count == self.dates + self.timestamps

    def conclusion(self, *, is_csv: bool) -> Conclusion:
        """The type of all of them; `is_csv`: they may be numbers or truth values, which CSV has no other form for."""
        if self.timestamps == self.count:
            return self._timestamp()
        if self.dates == self.count:
            return {"type": "int", "logicalType": "date"}, "dates in ISO 8601"
        if is_csv and self.numbers.count == self.count:
            return self.numbers.conclusion(is_text=True)
        if is_csv and self.truths == self.count:
            return "boolean", "true or false"
        return "string", self._reason(is_csv=is_csv)

    def _timestamp(self) -> Conclusion:
        unit = "micros" if self.digits <= _MICRO_PLACES else "nanos"
        if self.digits > _NANO_PLACES:
            return "string", f"text: times with {self.digits} digits of a second, and a timestamp keeps {_NANO_PLACES}"
        if self.digits > _MICRO_PLACES and not self.is_within_nanos:
            return "string", "text: times in nanoseconds, some of them outside the years 1678 to 2261"
        if self.with_offset == self.count:
            name, reason = f"timestamp-{unit}", "times in ISO 8601 with an offset, kept in UTC"
        elif self.with_offset == 0:
            name, reason = f"local-timestamp-{unit}", "times in ISO 8601, none with an offset"
        else:
            return "string", f"text: times in ISO 8601, {self.count - self.with_offset:,} of them without an offset"
        return {"type": "long", "logicalType": name}, reason

    def _reason(self, *, is_csv: bool) -> str:
        if self.with_comma == self.count:
            return f"text: numbers with a decimal comma, such as {self.examples[0]}, are not read as numbers"
        if is_csv and self.with_spaces and all(_is_number(text.strip()) for text in self.examples):
            return "text: there are spaces around some values"
        return "text"


def _is_number(text: str) -> bool:
    return Numbers().add(text)

"""The numbers at one place, as they were written, and the Avro type that holds all of them without loss.

A number of JSON is what it counts; digits in CSV are text that may be one: where a number would not be written so again
(007, 1.10 beside 1.9, 1E5), they stay text.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from wavetank.pipeline.avro.storable import MOST_DIGITS
from wavetank.scenarios.workload.json_scalars import NUMBER_TEXT
from wavetank.scenarios.workload.json_times import EPOCH_UNITS

EXACT_PLACES = 4
"""Digits behind the point up to which a fraction is taken for an exact one, such as a price: measures have more."""
MOST_EXACT_PLACES = 18
USUAL_PRECISION = 18
"""Digits of a decimal that fits into 64 bits."""
_SPARE_DIGITS = 3
_SPARE = 10
"""So many times larger than the largest number seen is what has to fit into 32 bits for an int."""
_EPOCH_S = (10**8, 41 * 10**8)
"""Seconds from 1973 to 2099: magnitudes of the units do not overlap there."""

Conclusion = tuple[Any, str]
"""An Avro type as JSON, and why."""


@dataclass(slots=True)
class Numbers:
    """The numbers that were added, each as text. `strange`: one that would not be written so again.

    is_padded: some fraction ends with zeros that are not there to make it one: the zero of 2.0 is, as programs write
    whole numbers among others.
    """

    count: int = 0
    with_point: int = 0
    with_exponent: int = 0
    strange: str = ""
    low: int = 0
    high: int = 0
    whole_digits: int = 1
    least_places: int = MOST_DIGITS
    places: int = 0
    is_padded: bool = False
    is_double: bool = True
    least: float = 0.0
    most: float = 0.0

    def add(self, text: str) -> bool:
        """Take a text into account, if it is a number."""
        matched = NUMBER_TEXT.fullmatch(text)
        if matched is None:
            return False
        sign, whole, fraction, exponent = matched.groups()
        self.count += 1
        self.whole_digits = max(self.whole_digits, len(whole))
        if (len(whole) > 1 and whole[0] == "0") or (sign and not whole.strip("0") and not fraction):
            self.strange = self.strange or text
        if exponent is not None:
            self.with_exponent += 1
            if fraction is None and exponent[0] not in "+-":
                self.strange = self.strange or text
        elif fraction is not None:
            self.with_point += 1
            self.places, self.least_places = max(self.places, len(fraction)), min(self.least_places, len(fraction))
            self.is_padded |= fraction[-1] == "0" and fraction != "0"
        self._measure(text, is_whole=fraction is None and exponent is None)
        return True

    def _measure(self, text: str, *, is_whole: bool) -> None:
        near = float(text)
        if is_whole and len(text) <= MOST_DIGITS:
            number = int(text)
            self.low, self.high = min(self.low, number), max(self.high, number)
            self.is_double &= near == number
        elif self.is_double:
            self.is_double = not is_whole and abs(near) < float("inf") and Decimal(repr(near)) == Decimal(text)
        first = self.count == 1
        self.least = near if first else min(self.least, near)
        self.most = near if first else max(self.most, near)

    def absorb(self, other: "Numbers") -> None:
        """Take all numbers of another place into account."""
        if not other.count:
            return
        self.least = min(self.least, other.least) if self.count else other.least
        self.most = max(self.most, other.most) if self.count else other.most
        self.count += other.count
        self.with_point += other.with_point
        self.with_exponent += other.with_exponent
        self.strange = self.strange or other.strange
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.whole_digits = max(self.whole_digits, other.whole_digits)
        self.least_places = min(self.least_places, other.least_places)
        self.places = max(self.places, other.places)
        self.is_padded |= other.is_padded
        self.is_double &= other.is_double

    @property
    def epoch_unit(self) -> str | None:
        """The unit since 1970 in which all of them are times from 1973 to 2099, if there is one."""
        for name, micros in EPOCH_UNITS.items():
            scale = EPOCH_UNITS["epoch_s"] // micros
            if self.count and _EPOCH_S[0] * scale <= self.least and self.most < _EPOCH_S[1] * scale:
                return name
        return None

    def conclusion(self, *, is_text: bool) -> Conclusion:
        """The type of all of them; `is_text`: they are digits in a file that has no numbers."""
        if is_text and self.strange:
            return "string", f"text: as a number, {self.strange} would not be written so again"
        if self.with_exponent == 0 and self.with_point == 0:
            return self._whole()
        if self.with_exponent == 0:
            return self._fraction(is_text=is_text)
        if self.is_double:
            return "double", "numbers with an exponent"
        return "string", "text: numbers with more digits than a double keeps"

    def _whole(self) -> Conclusion:
        largest = max(-self.low, self.high)
        if self.whole_digits <= MOST_DIGITS and largest * _SPARE < 2**31:
            return "int", f"whole numbers, {self._span()}"
        if self.whole_digits <= MOST_DIGITS and self.low >= -(2**63) and self.high < 2**63:
            return "long", f"whole numbers, {self._span()}"
        if self.whole_digits <= MOST_DIGITS:
            return decimal(MOST_DIGITS, 0), "whole numbers of more than 64 bits"
        return "string", f"text: whole numbers of up to {self.whole_digits} digits"

    def _fraction(self, *, is_text: bool) -> Conclusion:
        has_one_scale = self.least_places == self.places
        if is_text and self.is_padded and not has_one_scale:
            return "string", "text: zeros at the end of some fractions would be lost, or added to others"
        digits = self.whole_digits + self.places
        is_exact = self.places <= EXACT_PLACES or (is_text and has_one_scale and self.places <= MOST_EXACT_PLACES)
        if digits <= MOST_DIGITS and (is_exact or not self.is_double):
            precision = USUAL_PRECISION if digits + _SPARE_DIGITS <= USUAL_PRECISION else MOST_DIGITS
            return decimal(precision, self.places), f"exact decimals of up to {self.places} digits behind the point"
        if self.is_double:
            return "double", f"numbers of up to {self.places} digits behind the point"
        return "string", "text: numbers with more digits than a decimal or a double keeps"

    def _span(self) -> str:
        return f"{self.least:,.0f} to {self.most:,.0f}"


def decimal(precision: int, scale: int) -> dict[str, Any]:
    """The Avro type of a decimal."""
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}

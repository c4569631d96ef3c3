"""Turns JSON scalars into numbers, text and bytes of Avro's types, without loss or not at all.

Text that reads as a number or a truth value is taken as one where the schema asks for it; 2.0 is an integer, 2.5 is
not. Bytes are base64, decimals have every digit they were written with.
"""

import math
import re
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from wavetank.pipeline.avro.model import Enum, Fixed, Logical
from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.workload.ndjson import Number, json_text

Read = Callable[[Any], Value]
"""Takes a JSON value; raises ValueError with a message for people."""

NUMBER_TEXT = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,4}))?")
_WHOLE = re.compile(r"-?[0-9]{1,20}")
_WRITTEN_WHOLE = re.compile(r"-?[0-9]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_SHOWN_CHARACTERS = 60
_MOST_DIGITS = 4_000
"""Digits of a decimal: what Python converts in no time; a line of 8 MiB may hold more."""
_EXACT_WHOLE = {32: 2**24, 64: 2**53}
_FLOAT = struct.Struct("<f")


def text(value: Any) -> str:
    """A JSON scalar as text. Raises ValueError for an object or an array."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return json_text(value)
    raise ValueError(f"{shown(value)} is not text")


def loose_text(value: Any) -> str:
    """Any JSON value as text: a string as it is, everything else as JSON text."""
    return str(value) if isinstance(value, str) else json_text(value)


def shown(value: Any) -> str:
    """A value for a message, cut to a length that fits into one."""
    if isinstance(value, str):
        value = value[: _SHOWN_CHARACTERS + 1] if not isinstance(value, Number) else Number(value[:100])
    written = json_text(value)
    return written if len(written) <= _SHOWN_CHARACTERS else written[:_SHOWN_CHARACTERS] + "…"


def decimal(value: Any) -> Decimal:
    """The number that a JSON number, or text, stands for."""
    written = str(value).strip() if isinstance(value, str) else ""
    if not NUMBER_TEXT.fullmatch(written):
        raise ValueError(f"{shown(value)} is not a number")
    number = Decimal(written)
    # A number of a few characters may stand for one of thousands of digits; none of our types holds those.
    if number and number.adjusted() > 400:
        raise ValueError(f"{shown(value)} is too large")
    return number


def integer(bits: int) -> Callable[[Any], int]:
    """The reader of a whole number of so many bits."""
    limit = 2 ** (bits - 1)

    def read(value: Any) -> int:
        if isinstance(value, str) and _WHOLE.fullmatch(value):
            number = int(value)
        else:
            exact = decimal(value)
            if exact != exact.to_integral_value():
                raise ValueError(f"{shown(value)} is not a whole number")
            number = int(exact)
        if not -limit <= number < limit:
            raise ValueError(f"{shown(value)} does not fit into {bits} bits")
        return number

    return read


def double(value: Any) -> Value:
    """A number as the nearest double; a whole number that is none is refused, as is what a double is too short for."""
    written = value.strip() if isinstance(value, str) else ""
    if not NUMBER_TEXT.fullmatch(written):
        raise ValueError(f"{shown(value)} is not a number")
    number = float(written)
    if not 0 < abs(number) < _EXACT_WHOLE[64]:
        _check(written, decimal(written), number, 64)
    return number


def single(value: Any) -> Value:
    """A number as the nearest float of 32 bits; refused as by `double`."""
    exact = decimal(value)
    number = float(exact)
    if not math.isinf(number) and number != exact:
        # Rounded twice, a number beside the middle of two floats may become the wrong one of them.
        beside = math.nextafter(number, math.inf if exact > number else -math.inf)
        number = min((_rounded(number), _rounded(beside)), key=lambda near: abs(Decimal(near) - exact))
    else:
        number = _rounded(number)
    _check(value, exact, number, 32)
    return number


def is_exact(value: Any, number: Value) -> bool:
    """Whether a number that was read is the very one that was written."""
    return isinstance(number, int | float) and decimal(value) == number


def boolean(value: Any) -> Value:
    """true or false, or text or a number that reads as one."""
    truth = value if isinstance(value, bool) else _TRUTH.get(str(value).lower()) if isinstance(value, str) else None
    if truth is None:
        raise ValueError(f"{shown(value)} is not true or false (nor 1 or 0)")
    return truth


def null(value: Any) -> Value:
    """null alone."""
    if value is not None:
        raise ValueError(f"{shown(value)} is not null")
    return None


def base64(value: Any) -> bytes:
    """The bytes of text in base64 (RFC 4648, section 4, with its padding)."""
    if isinstance(value, Number) or not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text in base64")
    try:
        data = b64decode(value, validate=True)
    except (NotBase64, ValueError):
        raise ValueError(f"{shown(value)} is not base64 (with A-Z, a-z, 0-9, + and /, padded by =)") from None
    if b64encode(data) != value.encode():
        raise ValueError(f"{shown(value)} is not base64: its last character holds bits of no byte")
    return data


def fixed_reader(avro: Fixed) -> Read:
    """The reader of exactly so many bytes in base64."""

    def read(value: Any) -> Value:
        data = base64(value)
        if len(data) != avro.size:
            raise ValueError(f"{shown(value)} is {len(data)} bytes, and {avro.name} takes {avro.size}")
        return data

    return read


def symbol_reader(avro: Enum) -> Read:
    """The reader of a symbol; a default is for readers of other versions, and never taken for a symbol unknown here."""
    symbols = frozenset(avro.symbols)
    listed = ", ".join(avro.symbols[:20]) + (", …" if len(avro.symbols) > 20 else "")

    def read(value: Any) -> Value:
        if not isinstance(value, str) or isinstance(value, Number) or value not in symbols:
            raise ValueError(f"{shown(value)} is not one of {listed}")
        return value

    return read


def uuid_text(value: Any) -> str:
    """A UUID as its text in 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4), in the case it has."""
    if isinstance(value, Number) or not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError(f"{shown(value)} is no UUID of 8-4-4-4-12 hexadecimal digits")
    return value


def uuid_bytes(value: Any) -> bytes:
    """The 16 bytes of a UUID from its text."""
    return bytes.fromhex(uuid_text(value).replace("-", ""))


def decimal_reader(logical: Logical, size: int | None) -> Read:
    """The reader of a decimal as its unscaled number, big endian: in `size` bytes, or in as few as it needs."""

    def read(value: Any) -> Value:
        digits, exponent = _digits(value)
        shift = exponent + logical.scale
        if shift < 0:
            if digits[shift:].strip("-0"):
                raise ValueError(f"{shown(value)} has more than {logical.scale} digits after the point")
            digits = digits[:shift]
            shift = 0
        # The sign stays: "-" and "-0" are zero.
        length = len(digits.lstrip("-0"))
        if length and length + shift > logical.precision:
            raise ValueError(f"{shown(value)} has more than the {logical.precision} digits of its decimal")
        unscaled = int(digits + "0" * shift) if length else 0
        return _signed(unscaled, size)

    return read


def big_decimal(value: Any) -> bytes:
    """A decimal with its own scale: the unscaled number as Avro's bytes, then the scale as Avro's int."""
    digits, exponent = _digits(value)
    unscaled = _signed(int(digits), None)
    return _varint(len(unscaled)) + unscaled + _varint(-exponent)


def _digits(value: Any) -> tuple[str, int]:
    """The digits of a number with their sign, and the exponent of the last one."""
    written = str(value).strip() if isinstance(value, str) else ""
    matched = NUMBER_TEXT.fullmatch(written)
    if matched is None:
        raise ValueError(f"{shown(value)} is not a number")
    sign, whole, fraction, exponent = matched.groups()
    digits = whole.lstrip("0") + (fraction or "") or "0"
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"{shown(value)} has more than {_MOST_DIGITS:,} digits")
    return sign + digits, int(exponent or 0) - len(fraction or "")


def _signed(number: int, size: int | None) -> bytes:
    if size is None:
        size = ((number if number >= 0 else ~number).bit_length() + 8) // 8
    return number.to_bytes(size, "big", signed=True)


def _varint(number: int) -> bytes:
    """An int as Avro writes it: zigzag, seven bits a byte, the lowest first."""
    rest, out = number << 1 if number >= 0 else ~(number << 1), bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def _rounded(number: float) -> float:
    try:
        return float(_FLOAT.unpack(_FLOAT.pack(number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _check(value: Any, exact: Decimal, number: float, bits: int) -> None:
    if math.isinf(number):
        raise ValueError(f"{shown(value)} is too large")
    if number == 0 and exact:
        raise ValueError(f"{shown(value)} is too small: it would be 0")
    if abs(number) >= _EXACT_WHOLE[bits] and number != exact and _WRITTEN_WHOLE.fullmatch(value.strip()):
        raise ValueError(f"{shown(value)} has more digits than a number of {bits} bits with a point keeps")

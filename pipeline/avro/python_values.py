"""Events of the processed schema as Python values, as rules and a team's own code see them, and back again.

Decimals of up to 38 digits are `decimal.Decimal`, with the scale of their type. All else is as the decoder gives it:
times are whole numbers in the unit of their type since the epoch, dates are days, larger decimals and fixed are bytes.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from wavetank.pipeline.avro.model import Array, Enum, Fixed, Map, Primitive, Record, Type, Union, title
from wavetank.pipeline.avro.storable import MOST_DIGITS, NULL

INT, LONG = 2**31, 2**63
EXACT = Context(prec=MOST_DIGITS)
LONGEST_SHOWN = 80

Convert = Callable[[Any], Any]


class Misfit(ValueError):
    """A value is none of its field's type; the message names the field and the rule."""


def to_python(fields: Mapping[str, Any], avro: Record) -> dict[str, Any]:
    """The decoded fields of an event as Python values."""
    values = dict(fields)
    for name, convert in _decimals(avro):
        values[name] = convert(values[name])
    return values


def to_wire(values: Mapping[str, Any], avro: Record) -> dict[str, Any]:
    """The fields as the encoder takes them. Raises Misfit for the first that is no value of its type.

    Every field of the schema has to be there, and no other.
    """
    return _record(values, avro, "")


def is_decimal(avro: Type) -> bool:
    """Whether values of the type are `Decimal`."""
    if not isinstance(avro, Primitive | Fixed) or avro.logical is None:
        return False
    return avro.logical.name == "decimal" and avro.logical.precision <= MOST_DIGITS


@lru_cache(256)
def _decimals(avro: Record) -> list[tuple[str, Convert]]:
    """The fields of a schema that hold decimals, with what makes Python values of them."""
    converts = ((field.name, _reader(field.type)) for field in avro.fields)
    return [(name, convert) for name, convert in converts if convert is not None]


def _reader(avro: Type) -> Convert | None:
    """A function that makes Python values of decoded ones; None where they are the same."""
    match avro:
        case Primitive() | Fixed() if is_decimal(avro):
            scale = avro.logical.scale if avro.logical else 0
            return lambda value: Decimal(int.from_bytes(value, signed=True)).scaleb(-scale, EXACT)
        case Union(branches):
            read = next((read for branch in branches if (read := _reader(branch)) is not None), None)
            return None if read is None else lambda value: None if value is None else read(value)
        case Array(inner):
            item = _reader(inner)
            return None if item is None else _each(item)
        case Map(inner):
            item = _reader(inner)
            return None if item is None else lambda values: {key: item(value) for key, value in values.items()}
        case Record(fields=fields):
            reads: dict[str, Convert] = {
                field.name: part for field in fields if (part := _reader(field.type)) is not None
            }
            return None if not reads else lambda value: {**value, **{name: reads[name](value[name]) for name in reads}}
    return None


def _each(read: Convert) -> Convert:
    return lambda values: [read(value) for value in values]


def _record(values: object, avro: Record, path: str) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise _no(values, avro, path)
    names = [field.name for field in avro.fields]
    if values.keys() != set(names):
        raise _other_fields(values.keys(), names, path)
    return {field.name: _written(values[field.name], field.type, _inside(path, field.name)) for field in avro.fields}


def _other_fields(keys: Iterable[object], names: list[str], path: str) -> Misfit:
    missing = [name for name in names if name not in keys]
    strange = [key for key in keys if key not in names]
    where = f"{path} " if path else ""
    if missing:
        return Misfit(f"{where}lacks the field {missing[0]}")
    return Misfit(f"{where}has a field {shown(strange[0])}, which the schema has not")


def _written(value: Any, avro: Type, path: str) -> Any:
    """The value as it is encoded. Raises Misfit."""
    match avro:
        case Primitive() | Fixed() if is_decimal(avro):
            return unscaled(value, avro, path)
        case Primitive(name):
            return _primitive(value, name, avro, path)
        case Fixed(size=size) if isinstance(value, bytes) and len(value) == size:
            return value
        case Enum(symbols=symbols) if isinstance(value, str) and value in symbols:
            return value
        case Union(branches) if value is None and NULL in branches:
            return None
        case Union(branches):
            others = [branch for branch in branches if branch != NULL]
            for branch in others[:-1]:
                with suppress(Misfit):
                    return _written(value, branch, path)
            if others:
                return _written(value, others[-1], path)
        case Array(inner) if isinstance(value, list | tuple):
            return [_written(item, inner, f"{path}[{number}]") for number, item in enumerate(value)]
        case Map(inner) if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
            return {_text(key, path): _written(item, inner, f"{path}{{{key:.40}}}") for key, item in value.items()}
        case Record():
            return _record(value, avro, path)
    raise _no(value, avro, path)


def _primitive(value: Any, name: str, avro: Type, path: str) -> Any:
    """A value of a primitive type; whole numbers are floating ones where these are wanted, and never booleans."""
    match name:
        case "null" if value is None:
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "int" | "long" if isinstance(value, int) and not isinstance(value, bool):
            bound = INT if name == "int" else LONG
            if -bound <= value < bound:
                return value
            raise Misfit(f"{path}: a whole number beyond the {bound.bit_length()} bits of {title(avro)}")
        case "float" | "double" if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        case "string" if isinstance(value, str):
            return _text(value, path)
        case "bytes" if isinstance(value, bytes):
            return value
    raise _no(value, avro, path)


def _text(value: str, path: str) -> str:
    """A text that UTF-8 has: halves of surrogate pairs are none."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Misfit(f"{path}: a text with half of a surrogate pair") from None
    return value


def unscaled(value: object, avro: Primitive | Fixed, path: str) -> bytes:
    """The unscaled number of a decimal in the fewest bytes, or in those of its fixed. Raises Misfit."""
    assert avro.logical is not None
    precision, scale = avro.logical.precision, avro.logical.scale
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise _no(value, avro, path)
    number = Decimal(value)
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or (number and number.adjusted() >= precision - scale):
        raise Misfit(f"{path}: {shown(value)} has more than the {precision} digits of its decimal")
    beyond = max(0, -scale - exponent)
    if any(digits[len(digits) - beyond :] if beyond <= len(digits) else digits):
        raise Misfit(f"{path}: {shown(value)} has more than the {scale} decimal places of its type: quantize it")
    kept = digits[: max(0, len(digits) - beyond)] if number else ()
    zeros = max(0, exponent + scale) if number else 0
    whole = int("".join(map(str, (*kept, *[0] * zeros))) or "0") * (-1 if sign else 1)
    try:
        return whole.to_bytes(avro.size if isinstance(avro, Fixed) else (whole.bit_length() + 8) // 8, signed=True)
    except OverflowError:
        raise Misfit(f"{path}: {shown(value)} is too large for its bytes") from None


def shown(value: object) -> str:
    """A value as Python writes it, decimals as their digits, cut where it is long; else what type it is of."""
    try:
        text = str(value) if isinstance(value, Decimal) else repr(value)
    except Exception:
        return f"a {type(value).__name__}"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _inside(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _no(value: object, avro: Type, path: str) -> Misfit:
    return Misfit(f"{path or 'the event'}: {type(value).__name__} is no {title(avro)}")

"""Whether the values of a batch fit the columns of their types, looked at column by column.

The ranges are those of `pipeline.avro.storable`. Which columns have one is found once for each schema; where none has,
nothing is looked at.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from wavetank.pipeline.avro.events import TIME_FIELD
from wavetank.pipeline.avro.model import Array, Map, Record, Type, Union
from wavetank.pipeline.avro.storable import Range, is_restricted, range_of
from wavetank.pipeline.core.bulk.values import (
    Bytes,
    Choice,
    Entries,
    Fields,
    Items,
    Numbers,
    Parsed,
    Slices,
    wide_integers,
)

Check = Callable[[Parsed, Bytes], bool]


def fits(events: Fields, data: Bytes, schema: Record) -> bool:
    """Whether all values of events fit, which were parsed from `data` with a schema that can land.

    Their times at the top have a rule of their own.
    """
    return all(check(events.fields[name], data) for name, check in _checks(schema))


def decimals_fit(wide: NDArray[np.uint64], allowed: Range) -> bool:
    """Whether all of some numbers of 128 bits are within a range."""
    low, high = wide[:, 0], wide[:, 1].view(np.int64)
    for bound, above in ((allowed.low, False), (allowed.high, True)):
        bound_low, bound_high = np.uint64(bound & (2**64 - 1)), np.int64(bound >> 64)
        beyond = (high > bound_high) if above else (high < bound_high)
        beyond |= (high == bound_high) & ((low > bound_low) if above else (low < bound_low))
        if beyond.any():
            return False
    return True


@lru_cache(256)
def _checks(schema: Record) -> tuple[tuple[str, Check], ...]:
    restricted = (field for field in schema.fields if field.name != TIME_FIELD and is_restricted(field.type))
    return tuple((field.name, _check(field.type)) for field in restricted)


def _check(avro: Type) -> Check:
    """The check of a type that is restricted."""
    allowed = range_of(avro)
    if allowed is not None:
        return _within(allowed)
    match avro:
        case Union(branches):
            checks = [(number, _check(branch)) for number, branch in enumerate(branches) if is_restricted(branch)]
            return lambda values, data: (
                not isinstance(values, Choice) or all(check(values.branches[number], data) for number, check in checks)
            )
        case Array(inner):
            item = _check(inner)
            return lambda values, data: not isinstance(values, Items) or item(values.items, data)
        case Map(inner):
            value = _check(inner)
            return lambda values, data: not isinstance(values, Entries) or value(values.values, data)
        case Record():
            fields = [(field.name, _check(field.type)) for field in avro.fields if is_restricted(field.type)]
            # Of no record at all the fields are not parsed.
            return lambda values, data: (
                not isinstance(values, Fields)
                or not values.fields
                or all(check(values.fields[name], data) for name, check in fields)
            )
    raise TypeError(f"nothing restricts {avro}")


def _within(allowed: Range) -> Check:
    def check(values: Parsed, data: Bytes) -> bool:
        if isinstance(values, Numbers):
            numbers = values.values
            return not numbers.size or bool(allowed.low <= numbers.min() and numbers.max() <= allowed.high)
        if not isinstance(values, Slices):
            return True
        longer = values.sizes > allowed.sure_bytes
        if not longer.any():
            return True
        try:
            return decimals_fit(wide_integers(data, Slices(values.starts[longer], values.sizes[longer])), allowed)
        except OverflowError:
            return False

    return check

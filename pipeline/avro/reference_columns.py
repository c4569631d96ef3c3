"""Whether the columns of a reference fit the fields of an event: those it is joined by, and those that it adds.

The gate of a schema folder asks here, so that what is deployed can be written, and the join itself which unit to write.
"""

from collections.abc import Iterator, Mapping

from wavetank.pipeline.avro.model import Enum, Fixed, Primitive, Type, Union, title
from wavetank.pipeline.avro.python_values import is_decimal
from wavetank.pipeline.avro.storable import NULL
from wavetank.pipeline.reference.table import ColumnType, Kind

MICROS_PER_UNIT: Mapping[str, int] = {"timestamp-micros": 1, "timestamp-millis": 1_000}
"""Microseconds of the units that a timestamp can be written in."""
_PRIMITIVES: Mapping[Kind, tuple[str, ...]] = {
    Kind.STRING: ("string",),
    Kind.INT: ("long", "int", "double"),
    Kind.FLOAT: ("double", "float"),
    Kind.BOOLEAN: ("boolean",),
    Kind.BYTES: ("bytes",),
}
"""The primitive types that hold values of a kind; the first is the one to take."""
_LOGICAL: Mapping[Kind, tuple[str, ...]] = {Kind.DATE: ("date",), Kind.TIMESTAMP: tuple(MICROS_PER_UNIT)}


def branch_of(avro: Type) -> Type:
    """The type of the values that are not null."""
    if isinstance(avro, Union):
        others = [branch for branch in avro.branches if branch != NULL]
        return others[0] if len(others) == 1 else avro
    return avro


def decimal_in(avro: Type) -> Primitive | Fixed | None:
    """The decimal that a field holds; None for any other type."""
    branch = branch_of(avro)
    return branch if isinstance(branch, Primitive | Fixed) and is_decimal(branch) else None


def logical_in(avro: Type) -> str:
    """The name of the logical type that a field holds; empty where it has none."""
    branch = branch_of(avro)
    return branch.logical.name if isinstance(branch, Primitive | Fixed) and branch.logical else ""


def column_problems(avro: Type, column: ColumnType, *, is_typed: bool = True) -> Iterator[str]:
    """Why values of a column cannot be those of a field that they are added as.

    is_typed: else the type is what JSON makes of the values, which are taken as the field counts them.
    """
    if not (isinstance(avro, Union) and NULL in avro.branches):
        yield f"is of type {title(avro)}, and an event without a row has null there: make it [null, {_wanted(column)}]"
    elif not (_holds if is_typed else _holds_json)(branch_of(avro), column):
        yield f"is of type {title(avro)}, and the column is {column}: make it [null, {_wanted(column)}]"


def key_problems(avro: Type, column: ColumnType) -> Iterator[str]:
    """Why a field of an event cannot be joined with a column of a key."""
    branch = branch_of(avro)
    is_of_kind = {
        Kind.STRING: isinstance(branch, Enum) or branch == Primitive("string"),
        Kind.INT: branch in (Primitive("int"), Primitive("long")),
        Kind.DATE: isinstance(branch, Primitive) and logical_in(branch) == "date",
    }[column.kind]
    if not is_of_kind:
        yield f"is of type {title(avro)}, and is joined with a key of type {column}: only values of one kind are equal"


def scalar_problems(avro: Type) -> Iterator[str]:
    """Why a field of an event has no text that a key of any scalar's text could be."""
    branch = branch_of(avro)
    if not isinstance(branch, Primitive | Enum):
        yield f"is of type {title(avro)}, and only one value can be joined with a key"


def _holds(branch: Type, column: ColumnType) -> bool:
    if column.kind is Kind.DECIMAL:
        number = decimal_in(branch)
        if number is None or number.logical is None:
            return False
        logical = number.logical
        return logical.scale >= column.scale and logical.precision - logical.scale >= column.precision - column.scale
    if column.kind in _LOGICAL:
        return logical_in(branch) in _LOGICAL[column.kind]
    return isinstance(branch, Primitive) and branch.logical is None and branch.name in _PRIMITIVES[column.kind]


def _holds_json(branch: Type, column: ColumnType) -> bool:
    """As `_holds`, of a column whose type is that of values in JSON, which has no dates and no decimals."""
    match column.kind, branch:
        case Kind.STRING, Enum():
            return True
        case Kind.INT, Primitive(name):
            return name in ("int", "long", "float", "double") or is_decimal(branch)
        case Kind.INT, Fixed():
            return is_decimal(branch)
        case _, Primitive(name):
            return name in _PRIMITIVES[column.kind]
    return False


def _wanted(column: ColumnType) -> str:
    """The type to write in the place of a wrong one, in a word or two."""
    if column.kind is Kind.DECIMAL:
        return f"bytes (decimal of {column.precision} digits, {column.scale} of them decimal places)"
    if column.kind in _LOGICAL:
        return f"{'int' if column.kind is Kind.DATE else 'long'} ({_LOGICAL[column.kind][0]})"
    return _PRIMITIVES[column.kind][0]

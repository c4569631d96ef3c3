"""The differences between what a template asks for and what there is. Pure.

As in CloudFormation's drift detection, what a template does not mention is not compared: a service may say more than
was asked for, and has defaults (CloudFormation user guide, "Detect unmanaged configuration changes").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A value that is not the one that was asked for; `path` is a JSON pointer."""

    path: str
    expected: Any
    actual: Any

    @property
    def kind(self) -> str:
        """CloudFormation's word for it (DifferenceType)."""
        return "REMOVE" if self.actual is None else "NOT_EQUAL"


def differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> list[Difference]:
    """Each property of `expected` that is not so in `actual`, as deep down as one can tell."""
    return list(_differences("", expected, actual))


def fits(expected: Any, actual: Any) -> bool:
    """Whether `actual` has everything that `expected` asks for."""
    return not any(_differences("", expected, actual))


def _differences(path: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, value in expected.items():
            yield from _differences(f"{path}/{name}", value, actual.get(name))
    elif _is_list(expected) and _is_list(actual):
        if not _pairs(expected, actual):
            yield Difference(path, expected, actual)
    elif not _same(expected, actual):
        yield Difference(path, expected, actual)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _pairs(expected: Sequence[Any], actual: Sequence[Any]) -> bool:
    """Whether each entry has one of its own in `actual`, and none is left; services keep no order."""
    unpaired = list(actual)
    for value in expected:
        index = next((index for index, other in enumerate(unpaired) if fits(value, other)), None)
        if index is None:
            return False
        del unpaired[index]
    return not unpaired


def _same(expected: Any, actual: Any) -> bool:
    """Templates write numbers and booleans as texts, too; and nothing is what is empty, but not what is false."""
    if expected is None or expected in ("", [], {}):
        return actual is None or actual in ("", [], {})
    if isinstance(expected, bool | int | float | str) and isinstance(actual, bool | int | float | str):
        return _scalar(expected) == _scalar(actual)
    return bool(expected == actual)


def _scalar(value: bool | float | str) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    return text.lower() if text.lower() in ("true", "false") else text

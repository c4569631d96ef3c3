"""The conditions of policy statements: operators over the context of a request. Pure.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html beside it.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network

type Context = Mapping[str, tuple[str, ...]]
"""The context of a request: the key in lower case → its values."""

type Test = Callable[[str, str], bool]
"""Whether a value of the policy, with its variables filled in, fits a value of the context."""

ARN_PARTS = 6
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_LITERALS = {"*": "*", "?": "?", "$": "$"}
_ESCAPED = {"*": "\ue000", "?": "\ue001"}
"""Wildcards that come out of a variable stand for themselves; until a pattern is read, as private characters."""


class MalformedPolicy(ValueError):
    """A policy cannot be read; the message names what is wrong with it."""


class MissingKey(LookupError):
    """A variable without a default stands for a key that the request does not have: nothing fits then."""


def filled(text: str, context: Context) -> str:
    """A value of a policy with its variables, such as `${aws:PrincipalAccount}`, in place. Raises MissingKey."""
    return _VARIABLE.sub(lambda match: _value_of(match[1], context), text) if "${" in text else text


def _value_of(variable: str, context: Context) -> str:
    if variable in _LITERALS:
        return _ESCAPED.get(variable, variable)
    key, _, default = variable.partition(",")
    values = context.get(key.strip().lower(), ())
    if len(values) == 1:
        value = values[0]
    elif default.strip():
        value = default.strip().strip("'")
    else:
        raise MissingKey(key.strip())
    return "".join(_ESCAPED.get(character, character) for character in value)


@lru_cache(4096)
def glob(pattern: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """The expression of a pattern with the wildcards `*` and `?`."""
    parts = {"*": ".*", "?": ".", "\ue000": r"\*", "\ue001": r"\?"}
    text = "".join(parts.get(character) or re.escape(character) for character in pattern)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def like(pattern: str, value: str) -> bool:
    """Whether a value fits a pattern with wildcards."""
    return glob(pattern).fullmatch(value) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Whether an ARN fits a pattern, part by part: a wildcard does not reach over a colon but in the last part."""
    expression = _arn_glob(pattern)
    return expression is not None and expression.fullmatch(value) is not None


@lru_cache(4096)
def _arn_glob(pattern: str) -> re.Pattern[str] | None:
    """The expression of a pattern of ARNs; None for a text that is none."""
    *parts, last = pattern.split(":", ARN_PARTS - 1)
    if len(parts) < ARN_PARTS - 1:
        return None
    within = {"*": "[^:]*", "?": "[^:]", "\ue000": r"\*", "\ue001": r"\?"}
    texts = ["".join(within.get(character) or re.escape(character) for character in part) for part in parts]
    return re.compile(":".join([*texts, glob(last).pattern]), re.DOTALL)


def _plain(text: str) -> str:
    return text.replace("\ue000", "*").replace("\ue001", "?")


def _equal(expected: str, value: str) -> bool:
    return _plain(expected) == value


def _equal_ignoring_case(expected: str, value: str) -> bool:
    return _plain(expected).lower() == value.lower()


def _same_bytes(expected: str, value: str) -> bool:
    try:
        return base64.b64decode(expected, validate=True) == base64.b64decode(value, validate=True)
    except binascii.Error:
        return False


def _within(network: str, value: str) -> bool:
    try:
        return ip_address(value) in ip_network(network, strict=False)
    except ValueError:
        return False


def _moment(text: str) -> float:
    """Seconds since the epoch, of a number of them or a date of ISO 8601."""
    try:
        return float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = datetime.fromisoformat(f"{moment.isoformat()}+00:00")
    return moment.timestamp()


def _ordered(read: Callable[[str], float], compare: Callable[[float, float], bool]) -> Test:
    def test(expected: str, value: str) -> bool:
        try:
            return compare(read(value), read(expected))
        except ValueError:
            return False

    return test


def _orders(kind: str, read: Callable[[str], float]) -> dict[str, Test]:
    return {
        f"{kind}Equals": _ordered(read, lambda value, expected: value == expected),
        f"{kind}LessThan": _ordered(read, lambda value, expected: value < expected),
        f"{kind}LessThanEquals": _ordered(read, lambda value, expected: value <= expected),
        f"{kind}GreaterThan": _ordered(read, lambda value, expected: value > expected),
        f"{kind}GreaterThanEquals": _ordered(read, lambda value, expected: value >= expected),
    }


TESTS: Mapping[str, Test] = {
    "StringEquals": _equal,
    "StringEqualsIgnoreCase": _equal_ignoring_case,
    "StringLike": like,
    "Bool": _equal_ignoring_case,
    "BinaryEquals": _same_bytes,
    "IpAddress": _within,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    **_orders("Numeric", float),
    **_orders("Date", _moment),
}

NEGATIONS: Mapping[str, str] = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
"""Operators that hold where another one does not."""

NULL = "Null"
IF_EXISTS = "IfExists"
ALL, ANY = "ForAllValues", "ForAnyValue"


@dataclass(frozen=True)
class Condition:
    """A test of one key of the context: whether one of its `values` fits, or none where it is `negated`.

    quantifier: `ForAllValues`, `ForAnyValue` or empty. if_exists: a key that is not there is no hindrance.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    quantifier: str = ""
    if_exists: bool = False

    @classmethod
    def parse(cls, operator: str, key: str, values: Sequence[str]) -> "Condition":
        """A condition as a policy writes it. Raises MalformedPolicy for an operator that there is not."""
        quantifier, colon, name = operator.rpartition(":")
        if_exists = name.endswith(IF_EXISTS)
        name = name.removesuffix(IF_EXISTS)
        if (colon and quantifier not in (ALL, ANY)) or not (name in TESTS or name in NEGATIONS or operator == NULL):
            raise MalformedPolicy(f"there is no condition operator {operator!r}")
        return cls(name, key.lower(), tuple(values), quantifier, if_exists)

    def holds(self, context: Context) -> bool:
        """Whether the condition is met by a request."""
        present = context.get(self.key)
        if self.operator == NULL:
            return any((value.lower() == "true") is (present is None) for value in self.values)
        negated = self.operator in NEGATIONS
        if not present:
            return self.if_exists or self.quantifier == ALL or (negated and self.quantifier != ANY)
        test = TESTS[NEGATIONS.get(self.operator, self.operator)]
        fits = [self._fits(test, value, context) for value in present]
        if self.quantifier == ALL:
            return not any(fits) if negated else all(fits)
        if self.quantifier == ANY:
            return not all(fits) if negated else any(fits)
        return any(fits) is not negated

    def _fits(self, test: Test, value: str, context: Context) -> bool:
        for expected in self.values:
            try:
                if test(filled(expected, context), value):
                    return True
            except MissingKey:
                continue
        return False

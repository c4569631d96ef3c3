"""The keys of delivered objects: prefix expressions and AWS's object name.

Pure: takes the instant and a source of random text.
Sources: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html and s3-object-name.html of the same guide.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import Enum
from random import Random
from zoneinfo import ZoneInfo

from emulator.firehose.datepattern import DatePatternError, format_date

HOUR_FOLDERS = "yyyy/MM/dd/HH/"
MAX_EVALUATED = 512  # characters of an evaluated prefix
RANDOM_STRING_LENGTH = 11

_PROBE = Random(0)  # noqa: S311 - for a trial evaluation whose result is thrown away
_EXPRESSION = re.compile(r"!\{(?P<namespace>[^:{}]*):(?P<value>[^{}]*)\}")


class PrefixError(ValueError):
    """A prefix that Firehose refuses; the text says which rule it breaks."""


class ErrorOutput(Enum):
    """Why records go to the error prefix."""

    PROCESSING_FAILED = "processing-failed"


@dataclass(frozen=True)
class KeyLayout:
    """How a destination names its objects.

    Raises PrefixError for prefixes that break a rule of the prefix language.
    """

    prefix: str = ""
    error_prefix: str = ""
    extension: str = ""
    zone: str = "UTC"

    def __post_init__(self) -> None:
        _check(self.prefix, self.error_prefix)
        noon = datetime(2000, 1, 1, 12, tzinfo=UTC)
        for prefix in (self.prefix, self.error_prefix):
            if len(_evaluate(prefix, noon, ErrorOutput.PROCESSING_FAILED, _PROBE)) > MAX_EVALUATED:
                raise PrefixError(f"prefixes cannot be longer than {MAX_EVALUATED} characters once evaluated")

    def key(self, name: str, version: int, at: float, rng: Random) -> str:
        """The key of a delivered object; `at` is the arrival of its oldest record, in seconds since the epoch."""
        when = datetime.fromtimestamp(at, _zone(self.zone))
        folders = _evaluate(self.prefix, when, None, rng)
        if "!{timestamp:" not in self.prefix:
            folders += format_date(HOUR_FOLDERS, when)
        return folders + self._name(name, version, when, rng)

    def error_key(self, name: str, version: int, at: float, why: ErrorOutput, rng: Random) -> str:
        """The key of an object of failed records."""
        when = datetime.fromtimestamp(at, _zone(self.zone))
        prefix = self.error_prefix or self.prefix
        folders = _evaluate(prefix, when, why, rng)
        if "!{" not in prefix:
            folders += f"{why.value}/{format_date(HOUR_FOLDERS, when)}"
        return folders + self._name(name, version, when, rng)

    def _name(self, name: str, version: int, when: datetime, rng: Random) -> str:
        suffix = uuid.UUID(int=rng.getrandbits(128), version=4)
        return f"{name}-{version}-{format_date('yyyy-MM-dd-HH-mm-ss', when)}-{suffix}{self.extension}"


def _zone(name: str) -> tzinfo:
    return UTC if name in ("", "UTC") else ZoneInfo(name)


def _check(prefix: str, error_prefix: str) -> None:
    if "!{" in prefix and not error_prefix:
        raise PrefixError("ErrorOutputPrefix cannot be null or empty when Prefix contains expressions")
    if "!{firehose:error-output-type}" in prefix:
        raise PrefixError("Prefix cannot contain !{firehose:error-output-type}")
    if "!{" in error_prefix and "!{firehose:error-output-type}" not in error_prefix:
        raise PrefixError(
            "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type} "
            "when it contains expressions"
        )
    for text in (prefix, error_prefix):
        if "!{" in _EXPRESSION.sub("", text):
            raise PrefixError("the sequence !{ can only appear in !{namespace:value} expressions")


def _evaluate(prefix: str, when: datetime, why: ErrorOutput | None, rng: Random) -> str:
    return "".join(_pieces(prefix, when, why, rng))


def _pieces(prefix: str, when: datetime, why: ErrorOutput | None, rng: Random) -> Iterator[str]:
    end = 0
    for match in _EXPRESSION.finditer(prefix):
        yield prefix[end : match.start()]
        yield _value(match["namespace"], match["value"], when, why, rng)
        end = match.end()
    yield prefix[end:]


def _value(namespace: str, value: str, when: datetime, why: ErrorOutput | None, rng: Random) -> str:
    evaluate = _NAMESPACES.get(namespace)
    if evaluate is None:
        raise PrefixError(f"unsupported namespace in !{{{namespace}:{value}}}; supported: firehose, timestamp")
    return evaluate(value, when, why, rng)


def _timestamp(value: str, when: datetime, _why: ErrorOutput | None, _rng: Random) -> str:
    try:
        return format_date(value, when)
    except DatePatternError as error:
        raise PrefixError(f"!{{timestamp:{value}}} is not a valid pattern: {error}") from error


def _firehose(value: str, _when: datetime, why: ErrorOutput | None, rng: Random) -> str:
    if value == "random-string":
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))[:RANDOM_STRING_LENGTH]
    if value == "error-output-type" and why is not None:
        return str(why.value)
    raise PrefixError(f"unsupported value in !{{firehose:{value}}}")


_NAMESPACES: dict[str, Callable[[str, datetime, ErrorOutput | None, Random], str]] = {
    "timestamp": _timestamp,
    "firehose": _firehose,
}

"""Shapes of ids: an event is its type and its id, and two ids are one only where all their bytes are."""

from collections.abc import Iterator

from wavetank.scenarios.workload.shapes.base import Base, event
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

LONGEST_BYTES = 500
KEY_CHARACTERS = 256
"""Kinesis takes so many characters of an id for the partition key."""

SIMILAR = (
    ("A", "a", "B", "b", "ab", "AB", "aB"),
    ("straße", "strasse", "STRASSE"),
    ("caf\u00e9", "cafe\u0301", "cafe"),
    ("\ufb01le", "file", "\uff46ile"),
    ("\u0130d", "i\u0307d", "\u0131d"),
    ("lead", " lead", "lead ", "\tlead", "lead\n", "le\u00a0ad", "le ad"),
    ("nul", "nul\0", "\0nul"),
    ("\ufeffmark", "mark", "ma\u200brk", "\u202emark"),
    ("0", "00", "-0", "0.0", "1e3", "1000", "1000.0", "١٠٠٠"),
    ("null", "None", "NaN", "true", "[]", "{}", '""', "''"),
    ("a/b", "a//b", "a/./b", "../a/b", "a%2Fb", "a+b", "a b", "a%20b", "a\\b"),
    ("event=click", "hour=00", "=", "?a#b", "a,b", "a;b", "a|b"),
    ("日本語-1", "日本語-2", "\U0010ffff", "\U0010fffe", "\ud7ff", "\ue000"),
)
"""Ids that a careless comparison takes for one another: by case, normal form, width, white space, number or path."""

SAME_DIGEST_BEGINNING = ("d-06a3cfd", "d-035ec24")
"""Ids whose MD5 digests have the first 48 bits in common."""


def ids(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions whose ids are much alike, of 1 to 500 bytes; those of every length differ in their last byte."""
    alike = [name for group in SIMILAR for name in group]
    for length in (KEY_CHARACTERS - 1, KEY_CHARACTERS, KEY_CHARACTERS + 1, LONGEST_BYTES):
        alike += ["x" * (length - 1) + last for last in "01"]
    alike += ["🦀" * (LONGEST_BYTES // 4 - 1) + last for last in "🦀🦞"]
    alike += SAME_DIGEST_BEGINNING
    for number, (name, time_us) in enumerate(zip(alike, base.times(), strict=False)):
        yield event(EventType.IMPRESSION, name, time_us, {"item_id": number, "policy": "random"})


def namesakes(base: Base) -> Iterator[WorkloadEvent]:
    """Events of different types with one id and one time."""
    for number, time_us in zip(range(4), base.times(), strict=False):
        for event_type in EventType:
            yield event(event_type, f"namesake-{base.run}-{number}", time_us, {"campaign": "men"})

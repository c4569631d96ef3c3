"""Shapes of writing: in which envelope an event comes, packed with others or alone, and in which version."""

from collections.abc import Iterator
from dataclasses import replace

from wavetank.scenarios.oracle.history import Value
from wavetank.scenarios.workload.sending import Envelope, Sending
from wavetank.scenarios.workload.shapes.base import Base, event
from wavetank.scenarios.workload.synthetic import EventType, WorkloadEvent

EACH = 7
"""Events of each envelope: more than one record of packed ones holds."""
WIDE = "ü" * 200
"""Behind an id: a partition key may have 256 characters, whatever number of bytes that is."""
VERSIONS = 16
LAST_HASH_KEY = 2**128 - 1


def envelopes(base: Base) -> Iterator[WorkloadEvent]:
    """Impressions in every envelope, alone and packed, one by one beside each other."""
    ways = [Sending(envelope) for envelope in Envelope]
    ways += [
        Sending(envelope, packed=True, hash_key=key) for envelope in Envelope for key in ("", "0", str(LAST_HASH_KEY))
    ]
    moments = base.times()
    for number in range(EACH):
        for way, sending in enumerate(ways):
            fields: dict[str, Value] = {"campaign": "women", "item_id": number, "position": way}
            wide = WIDE if not number else ""
            shown = event(EventType.IMPRESSION, f"envelope-{base.run}-{number}-{way}{wide}", next(moments), fields)
            yield replace(shown, sending=sending)


def versions(base: Base) -> Iterator[WorkloadEvent]:
    """Conversions in the first version and the newest one by turns, as while a release is rolled out and back."""
    for number, time_us in zip(range(VERSIONS), base.times(), strict=False):
        sale: dict[str, Value] = {"value": number / 4, "currency": "EUR", "campaign": "men"}
        if number % 2 == 0:
            sale["items"] = number
        sold = event(EventType.CONVERSION, f"version-{base.run}-{number}", time_us, sale)
        yield replace(sold, sending=Sending(version=number % 2))

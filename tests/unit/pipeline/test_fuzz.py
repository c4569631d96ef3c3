"""Whatever the bytes, each comes to an event or a rejection, in no time.

FUZZ_INPUTS says how many inputs; `make fuzz` takes a million.
"""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.unit.pipeline.avro.strategies import events
from tests.unit.pipeline.corpus import damaged, resealed, schema_of, sound
from tests.unit.pipeline.examples import PING
from wavetank.pipeline.core import envelope, frame
from wavetank.pipeline.core.decode import decode
from wavetank.pipeline.core.partition import Scanned, partition
from wavetank.pipeline.core.schema import Schema
from wavetank.pipeline.records import Event, Rejection

INPUTS = int(os.environ.get("FUZZ_INPUTS", "6000"))
FROM_EACH = 40
LONGEST_S = 0.05
"""Processor time for one input."""
TRIES = 3


class Stopwatch:
    """The longest time that any input took, in this thread's processor time."""

    def __init__(self) -> None:
        self.inputs = 0
        self.longest_s = 0.0

    def time(self, work: Callable[[bytes], None], data: bytes) -> None:
        """Do the work; once that is slow is done again, since the garbage of others may be collected meanwhile."""
        took = LONGEST_S
        for _ in range(TRIES):
            began = time.thread_time()
            work(data)
            took = min(took, time.thread_time() - began)
            if took < LONGEST_S / 2:
                break
        self.inputs += 1
        self.longest_s = max(self.longest_s, took)
        assert took < LONGEST_S, f"{took:.3f} s for {data[:200].hex()} ({len(data)} bytes)"


STOPWATCH = Stopwatch()


def through_the_pipeline(data: bytes, schema: Schema, as_body: bytes) -> None:
    """Frame, envelope, decode (as written and through another schema) and partition, as untrusted as they come."""
    message = envelope.unwrap(data)
    bodies = [as_body] if isinstance(message, Rejection) else [message.body, as_body]
    for body in bodies:
        assert isinstance(decode(body, schema), Event | Rejection)
        assert isinstance(decode(body, schema, PING), Event | Rejection)
    chunk = resealed(as_body, schema) + data
    pieces = list(frame.scan(chunk))
    sizes = [len(p.payload) if isinstance(p, frame.BadRange) else frame.HEADER.size + len(p.body) for p in pieces]
    assert sum(sizes) == len(chunk)
    scanned = Scanned.of(chunk)
    result = partition(
        scanned, {fingerprint: schema for fingerprint in scanned.fingerprints if fingerprint == schema.fingerprint}, 2
    )
    assert result.parts or result.bad


@settings(
    max_examples=max(1, INPUTS // (5 * FROM_EACH)),
    deadline=timedelta(minutes=10),
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(events(), st.integers(0, 2**32))
def fuzz(event: tuple[dict[str, Any], dict[str, Any]], seed: int) -> None:
    document, fields = event
    schema = schema_of(document)
    rng = Random(seed)
    for whole in sound(schema, fields):
        for data in damaged(whole, rng, FROM_EACH):
            STOPWATCH.time(lambda data: through_the_pipeline(data, schema, data), data)


def test_no_input_raises_and_none_takes_long() -> None:
    fuzz()
    print(f"{STOPWATCH.inputs:,} inputs, the longest {STOPWATCH.longest_s * 1000:.1f} ms")  # noqa: T201
    assert STOPWATCH.inputs >= INPUTS * 0.9

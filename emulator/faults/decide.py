"""The decision whether a fault fires: a pure function of the fault and the event, without clock or random state.

A fault with a `probability` looks only at its seed, its document and the identity of the event, so it fires at the same
events in every run, in whatever order and on whatever threads they come.
"""

import hashlib
import json
from dataclasses import dataclass

from wavetank.emulator.faults.model import Fault, document

_SCALE = 1 << 64


@dataclass(frozen=True)
class Occasion:
    """An event that a fault matches.

    number: its place among the events that this fault matches, from 1. identity: names the event in words that are the
    same in every run. repeat: how often this identity came before. fired: how often the fault has fired.
    elapsed_s: emulator seconds since the fault was added.
    """

    number: int
    identity: str
    repeat: int = 0
    fired: int = 0
    elapsed_s: float = 0.0


def fires(fault: Fault, occasion: Occasion) -> bool:
    """Whether every condition of `fault.when` holds on this occasion."""
    when = fault.when
    return (
        (not when.nth or occasion.number in when.nth)
        and (when.every is None or occasion.number % when.every == 0)
        and (when.count is None or occasion.fired < when.count)
        and (when.window is None or when.window.start_s <= occasion.elapsed_s < when.window.end_s)
        and (when.probability is None or _draw(fault, occasion) < when.probability)
    )


def _draw(fault: Fault, occasion: Occasion) -> float:
    """A number in [0, 1), evenly spread over identities; the fault's id has no influence on it."""
    conditions = {name: value for name, value in document(fault).items() if name != "id"}
    text = json.dumps([conditions, occasion.identity, occasion.repeat], sort_keys=True)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / _SCALE

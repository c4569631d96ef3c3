"""The way in which a producer sends an event: what is no field of it, and yet part of what it puts on the stream."""

from dataclasses import dataclass
from enum import StrEnum


class Envelope(StrEnum):
    """The envelope that names the schema of a record's body (docs/wire-format.md)."""

    FRAME = "frame"
    SINGLE_OBJECT = "single-object"
    CONFLUENT = "confluent"


@dataclass(frozen=True, slots=True)
class Sending:
    """The manner in which one event is sent.

    version: of the raw schema that it is written with, 0 for the newest. packed: it shares a Kinesis record with the
    packed events beside it, as the Kinesis Producer Library does it. hash_key: of a packed event, the explicit hash key
    that goes with it, in decimal; empty for none.
    """

    envelope: Envelope = Envelope.FRAME
    version: int = 0
    packed: bool = False
    hash_key: str = ""


AS_USUAL = Sending()
